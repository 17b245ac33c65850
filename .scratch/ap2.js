const {performance:p}=require("perf_hooks");
let t=p.now();const lap=(s)=>{console.log(s,(p.now()-t).toFixed(1));t=p.now()};
const Ajv=require("ajv").default;lap("require ajv");
const k=JSON.parse(require("fs").readFileSync("components/kubernetes/manifests/kubernetes-v1.35.json","utf8"));lap("parse");
const pod={apiVersion:"v1",kind:"Pod",metadata:{name:"x",labels:{a:"b"}},spec:{containers:[{name:"a",ports:[{containerPort:80}]}]}};
if(process.argv[2]==="full"){
const ajv=new Ajv({allErrors:true,verbose:true,allowUnionTypes:true,formats:{int32:true,int64:true,"date-time":true,byte:true,quantity:true}});
ajv.addSchema({$id:"k8s",definitions:k.definitions});lap("add");
for(const x of ["core.v1.Pod","core.v1.Node","core.v1.Namespace"]){const v=ajv.compile({$ref:"k8s#/definitions/"+x});lap("compile "+x);console.log(v(pod))}
} else {
const ajv=new Ajv({allErrors:true,verbose:true,inlineRefs:false,validateSchema:false,meta:false,allowUnionTypes:true,formats:{int32:true,int64:true,"date-time":true,byte:true,quantity:true}});
const cache={};
const lazy=(s)=>Array.isArray(s)?s.map(lazy):s&&typeof s==="object"?Object.fromEntries(Object.entries(s).map(([k,v])=>k==="$ref"?["lazyRef",v.slice(14)]:[k,lazy(v)])):s;
const get=n=>cache[n]??=ajv.compile(lazy(k.definitions[n]));
ajv.addKeyword({keyword:"lazyRef",errors:"full",validate:function f(name,data,_p,cxt){const v=get(name);const ok=v(data,cxt);f.errors=v.errors??undefined;return ok}});
lap("new");
const v=get("core.v1.Pod");console.log(v(pod));lap("pod");console.log(v(pod));lap("again");
get("core.v1.Node")({metadata:{name:"a"},spec:{podCIDR:"x"}});lap("node");
pod.spec.containers[0].ports[0].foo=1;pod.spec.containers[0].bar=1;v(pod);console.log(v.errors.map(e=>[e.instancePath,e.keyword,e.params,e.parentSchema.title]));lap("err");
}
