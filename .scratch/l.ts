import { performance as p } from "node:perf_hooks";
let t=p.now();const lap=(s:string)=>{console.error(s,(p.now()-t).toFixed(1));t=p.now()};
require("@sinclair/typebox");lap("req typebox");
const {loadLab}=require("/work/main/components/kubernetes/manifests");lap("req");
const {allocate}=require("/work/main/components/kubernetes/addresses");lap("req alloc");
const lab=loadLab(process.argv[2]??"labs/demo");lap("load");
const a=allocate(lab,{nodes:{},reservations:{}});lap("alloc");
console.log(JSON.stringify(lab.nodes),lab.warnings);console.log(a);
