import os,textwrap,shutil
D='/work/main/test/golden/bad-input'
shutil.rmtree(D,ignore_errors=True); os.makedirs(D)
LAB="apiVersion: podnet.dev/v1\nkind: Lab\nmetadata: { name: demo }\n"
NODE="apiVersion: v1\nkind: Node\nmetadata: { name: node1 }\n"
NODE2="apiVersion: v1\nkind: Node\nmetadata: { name: node2 }\n"
def d(s): return textwrap.dedent(s).lstrip("\n")
def pod(name="pod1", extra="", spec="", containers="    - name: web\n"):
    return f"apiVersion: v1\nkind: Pod\nmetadata: {{ name: {name}{extra} }}\nspec:\n{spec}  containers:\n{containers}"
def w(name,comment,*docs):
    body="---\n".join(x if isinstance(x,str) else x for x in docs)
    open(f"{D}/{name}.yaml","w").write(f"# {comment}\n"+body)
def lab(spec,name="demo"): return f"apiVersion: podnet.dev/v1\nkind: Lab\nmetadata: {{ name: {name} }}\nspec:\n"+textwrap.indent(d(spec).rstrip("\n")+"\n","  ")
def node(name="node1",**k):
    s=f"apiVersion: v1\nkind: Node\nmetadata: {{ name: {name} }}\n"
    if "pod" in k: s+=f"spec: {{ podCIDR: {k['pod']} }}\n"
    if "ip" in k: s+=f"status: {{ addresses: [{{ type: InternalIP, address: {k['ip']} }}] }}\n"
    return s
def c(s): return textwrap.indent(d(s).rstrip("\n")+"\n","    ")
# the lab
w("no-lab","Nodes and pods, but nothing says what lab they are in.",NODE,pod())
w("two-labs","Only one Lab per lab.",LAB,NODE,LAB.replace("demo","other"))
w("no-nodes","A lab may have no pods, but not no nodes.",LAB,pod())
w("lab-name-not-a-label","A lab's name begins the names of its network namespaces, <lab>.<node>: it has no dot.",lab("mtu: 1500","my.lab"),NODE)
w("lab-name-too-long","63 characters are the most that a DNS label can have.",lab("mtu: 1500","a"*64),NODE)
w("lab-name-missing","Nobody is nameless.",d("""
apiVersion: podnet.dev/v1
kind: Lab
spec: { mtu: 1500 }
"""),NODE)
w("lab-unknown-field","Kubernetes calls it clusterCIDR.",lab("clusterCidr: 10.244.0.0/16"),NODE)
w("lab-unknown-field-no-idea","A field that resembles nothing.",lab("network: { type: kubenet, colour: blue }"),NODE)
w("lab-field-in-wrong-place","The ranges belong under spec.",LAB+"nodeCIDR: 192.168.0.0/24\n",NODE)
w("lab-mtu-range","68 is the smallest MTU that IPv4 allows.",lab("mtu: 60\nnetwork: { mtu: 70000 }"),NODE)
w("lab-mtu-is-text","Quotes make text of a number.",lab('mtu: "1500"'),NODE)
w("lab-mtu-huge","More digits than a number has room for.",lab('mtu: 99999999999999999999'),NODE)
w("lab-network-unknown","Networks that podnet does not have.",lab("network: { type: kubenett }"),NODE)
w("lab-network-not-built","flannel comes later.",lab("network: { type: flannel }"),NODE)
w("lab-proxy-unknown","IPVS comes later.",lab("proxy: { mode: ipvs }"),NODE)
w("mtu-warnings","Allowed, but worth a word.",lab("mtu: 1000\nnetwork: { mtu: 9000 }"),NODE)
# hosts
w("host-unknown-type","A type of host that is nearly right.",lab("hosts:\n  far: { type: shh, address: 10.1.1.1 }"),NODE)
w("host-no-type","Every host says of what type it is.",lab("hosts:\n  far: { address: 10.1.1.1 }"),NODE)
w("host-no-address","An ssh host is somewhere.",lab("hosts:\n  far: { type: ssh, port: 2222 }"),NODE)
w("host-unknown-field","ssh_config says User, and so does podnet.",lab("hosts:\n  far: { type: ssh, address: 10.1.1.1, username: me, port: 0 }"),NODE)
w("host-name","Host names are DNS labels.",lab("hosts:\n  Far_away: { type: local }"),NODE)
w("hosts-empty","Without a host nothing can run.",lab("hosts: {}"),NODE)
w("node-host-unknown","The annotation names a host that the lab does not have.",lab("hosts:\n  laptop: { type: local }"),"apiVersion: v1\nkind: Node\nmetadata:\n  name: node1\n  annotations: { podnet.dev/host: labtop }\n")
w("nodes-on-two-hosts","One lab over several hosts comes later.",lab("hosts:\n  here: { type: local }\n  there: { type: ssh, address: 10.1.1.1 }"),NODE,"apiVersion: v1\nkind: Node\nmetadata:\n  name: node2\n  annotations: { podnet.dev/host: there }\n")
# ranges
w("ranges-overlap-node-cluster","Node network and pod network must lie apart.",lab("nodeCIDR: 10.244.3.0/24\nclusterCIDR: 10.244.0.0/16"),NODE)
w("ranges-overlap-cluster-service","Pods and Services must lie apart.",lab("clusterCIDR: 10.100.0.0/16\nserviceCIDR: 10.96.0.0/12"),NODE)
w("ranges-overlap-node-service","Nodes and Services must lie apart.",lab("nodeCIDR: 172.16.0.0/24\nserviceCIDR: 172.16.0.0/16"),NODE)
w("ranges-overlap-default","The other range is not in the file: it is a default.",lab("clusterCIDR: 192.168.0.0/16"),NODE)
w("range-overlaps-client","The outside client of every lab lives in 203.0.113.0/24.",lab("nodeCIDR: 203.0.113.0/25"),NODE)
w("range-loopback","127.0.0.0/8 never leaves a machine.",lab("clusterCIDR: 127.1.0.0/16"),NODE)
w("range-multicast","224.0.0.0/4 is for groups, not for hosts.",lab("serviceCIDR: 224.0.0.0/16"),NODE)
w("range-host-bits","A range begins with its network address.",lab("clusterCIDR: 10.244.1.0/16"),NODE)
w("range-no-prefix","An address is no range.",lab("nodeCIDR: 192.168.0.0"),NODE)
w("range-nonsense","What is not an address at all.",lab("nodeCIDR: my network\nclusterCIDR: 10.244.0.0/33\nserviceCIDR: 10.300.0.0/16"),NODE)
w("range-leading-zeros","010 is 8 to some programs and 10 to others.",lab("nodeCIDR: 192.168.000.0/24\nserviceCIDR: 010.96.0.0/12"),NODE)
w("range-ipv6","IPv6 comes later.",lab("clusterCIDR: fd00:10:244::/56"),NODE)
w("mask-size-shorter-than-cluster","A podCIDR is a part of clusterCIDR, so its prefix is longer.",lab("clusterCIDR: 10.244.0.0/20\nnodeCIDRMaskSize: 16"),NODE)
w("mask-size-too-long","A /31 has no room for a bridge and a pod.",lab("nodeCIDRMaskSize: 31"),NODE)
w("node-range-too-small","A /30 has the router's address and one more.",lab("nodeCIDR: 192.168.0.0/30"),NODE,NODE2)
w("node-range-without-room","A /31 has not even that.",lab("nodeCIDR: 192.168.0.0/31"),NODE)
w("too-many-nodes-for-cluster","Two /24 fit into a /23, three do not.",lab("clusterCIDR: 10.244.0.0/23"),NODE,NODE2,node("node3"))
# nodes
w("node-twice","Every node has a name of its own.",LAB,NODE,NODE)
w("node-name","What looks like a name to people is none to Kubernetes.",LAB,node('"Node_1"'),node('"-"'),node('""'))
w("node-name-of-the-lab","switch, router and client are in every lab already.",LAB,node("switch"),node("router"),node("client"))
w("node-name-clashes-with-pod","Both would be the network namespace demo.default.pod1.",LAB,node("default.pod1"),pod())
w("node-name-missing","An object without metadata.",LAB,"apiVersion: v1\nkind: Node\n")
w("name-shell","Names are never handed to a shell, and not allowed to look like it.",LAB,node("'$(reboot)'"),node("'a; rm -rf /'"),node("\"it's\""))
w("name-unicode","Names are ASCII.",LAB,node("knoten-größe"),node("\"node\\u200b1\""),pod('"päd"'))
w("name-newline","A name with a line break, and one with a NUL byte.",LAB,NODE,pod('"pod\\n1"'),pod('"pod\\0"'))
w("netns-name-too-long","Network namespaces are files, and a file's name has at most 255 bytes.",lab("mtu: 1500","l"*60),node(".".join(["n"*62]*4)))
w("node-pod-cidr-outside","podCIDRs are parts of clusterCIDR.",LAB,node(pod="10.245.0.0/24"))
w("node-pod-cidr-host-bits","A range begins with its network address.",LAB,node(pod="10.244.7.1/24"))
w("node-pod-cidr-overlap","The second lies within the first.",LAB,node(pod="10.244.0.0/20"),node("node2",pod="10.244.3.0/24"))
w("node-pod-cidr-too-small","host-local refuses less than a /30.",LAB,node(pod="10.244.0.0/31"))
w("node-pod-cidr-ipv6","IPv6 comes later.",LAB,"apiVersion: v1\nkind: Node\nmetadata: { name: node1 }\nspec:\n  podCIDR: 10.244.0.0/24\n  podCIDRs: [10.244.0.0/24, \"fd00:10:244::/64\"]\n")
w("node-pod-cidrs-differ","Kubernetes wants podCIDR and the first of podCIDRs to be the same.",LAB,"apiVersion: v1\nkind: Node\nmetadata: { name: node1 }\nspec:\n  podCIDR: 10.244.0.0/24\n  podCIDRs: [10.244.1.0/24]\n")
w("node-ip-outside","A node's address lies in nodeCIDR.",LAB,node(ip="192.168.1.11"))
w("node-ip-taken","Two nodes with one address.",LAB,node(ip="192.168.0.20"),node("node2",ip="192.168.0.20"))
w("node-ip-special","Addresses that nodes cannot have.",LAB,node("node1",ip="192.168.0.0"),node("node2",ip="192.168.0.1"),node("node3",ip="192.168.0.255"))
w("node-ip-nonsense","What is no address, or not one that everybody reads alike.",LAB,node("node1",ip="192.168.0"),node("node2",ip="192.168.0.011"),node("node3",ip='"fd00::11"'))
w("node-ip-twice","One InternalIP is enough.",LAB,d("""
apiVersion: v1
kind: Node
metadata: { name: node1 }
status:
  addresses:
    - { type: InternalIP, address: 192.168.0.20 }
    - { type: Hostname, address: node1.example }
    - { type: InternalIP, address: 192.168.0.21 }
"""))
# pods
w("pod-twice","Two pods of one name; the third is in another namespace, so it may be called so.",LAB,NODE,pod(),pod(),pod(extra=", namespace: other"))
w("pod-name","Pod names are DNS names in lower case.",LAB,NODE,pod("Web_Server"),pod("web-"))
w("pod-name-is-a-number","Without quotes, 1 is a number.",LAB,NODE,pod("1"))
w("pod-name-missing","Only a prefix for a name: Kubernetes would make one up, podnet does not.",LAB,NODE,d("""
apiVersion: v1
kind: Pod
metadata: { generateName: web- }
spec: { containers: [{ name: web }] }
"""))
w("pod-namespace-name","Namespaces have no dots.",LAB,NODE,pod(extra=", namespace: team.a"))
w("namespace-twice","Declared twice.",LAB,NODE,"apiVersion: v1\nkind: Namespace\nmetadata: { name: team }\n","apiVersion: v1\nkind: Namespace\nmetadata: { name: team }\n","apiVersion: v1\nkind: Namespace\nmetadata: { name: Team }\n")
w("pod-unknown-node","A node that the lab does not have, and one that is nearly right.",LAB,NODE,NODE2,pod(spec="  nodeName: nod1\n"),pod("pod2",spec="  nodeName: gateway\n"))
w("pod-no-containers","A pod is a place for containers.",LAB,NODE,"apiVersion: v1\nkind: Pod\nmetadata: { name: pod1 }\n","apiVersion: v1\nkind: Pod\nmetadata: { name: pod2 }\nspec: { nodeName: node1 }\n","apiVersion: v1\nkind: Pod\nmetadata: { name: pod3 }\nspec: { containers: [] }\n","apiVersion: v1\nkind: Pod\nmetadata: { name: pod4 }\nspec:\n  containers:\n")
w("pods-too-many-for-node","A /30 has one address for a pod: .2, after the network and the bridge.",LAB,node(pod="10.244.0.0/30"),pod("pod1",spec="  nodeName: node1\n"),pod("pod2",spec="  nodeName: node1\n"),pod("pod3",spec="  nodeName: node1\n"))
w("pods-too-many-for-lab","Two nodes with one address each.",lab("nodeCIDRMaskSize: 30"),NODE,NODE2,pod("pod1"),pod("pod2"),pod("pod3"))
w("pod-host-network-no-node","Where does it run? It will, but the author should say.",LAB,NODE,NODE2,pod(spec="  hostNetwork: true\n"))
# containers
w("container-name","Container names are DNS labels.",LAB,NODE,pod(containers=c("""
- name: Web Server
- name: web.1
""")))
w("container-name-missing","A misspelt field is also a missing one.",LAB,NODE,pod(containers=c("""
- nmae: web
""")))
w("container-twice","Two containers of one name in a pod.",LAB,NODE,pod(containers=c("""
- name: web
- name: web
""")))
w("container-unknown-field","prots is no field of a container.",LAB,NODE,pod(containers=c("""
- name: web
  prots:
    - containerPort: 8080
""")))
w("container-field-too-far-left","ports at the level of containers.",LAB,NODE,pod(containers=c("- name: web\n"))+"  ports:\n    - containerPort: 8080\n")
w("pod-field-too-far-left","containers at the level of spec.",LAB,NODE,"apiVersion: v1\nkind: Pod\nmetadata: { name: pod1 }\nspec: {}\ncontainers:\n  - name: web\n")
w("container-wrong-types","Each of these is something else than Kubernetes expects.",LAB,NODE,pod(containers=c("""
- name: web
  image: { name: nginx }
  command: sleep 1000
  tty: "true"
  resources: { limits: { memory: lots } }
  env:
    - { name: PORT, value: 8080 }
    - { name: DEBUG, value: yes }
    - { name: SINCE, value: ~ }
  ports:
    - containerPort: http
    - containerPort: "8081"
    - containerPort: 80.5
""")))
w("container-is-a-mapping","The dashes are missing.",LAB,NODE,"apiVersion: v1\nkind: Pod\nmetadata: { name: pod1 }\nspec:\n  containers:\n    name: web\n")
w("command-with-a-number","8080 is a number, and a command is made of text.",LAB,NODE,pod(containers=c("""
- name: web
  command: [nc, -l, -p, 8080]
""")))
w("port-range","Ports go from 1 to 65535.",LAB,NODE,pod(containers=c("""
- name: web
  ports: [{ containerPort: 0 }, { containerPort: 65536 }, { containerPort: 99999999999 }, { containerPort: -80 }]
""")))
w("port-protocol","Three protocols have ports in Kubernetes.",LAB,NODE,pod(containers=c("""
- name: web
  ports: [{ containerPort: 80, protocol: tcp }, { containerPort: 81, protocol: ICMP }]
""")))
w("port-name","Port names have at most 15 characters, and are used once.",LAB,NODE,pod(containers=c("""
- name: web
  ports:
    - { containerPort: 80, name: my-very-long-port-name }
    - { containerPort: 81, name: "80" }
    - { containerPort: 82, name: http }
    - { containerPort: 83, name: http }
""")))
w("port-twice","Kubernetes takes it; when the second server starts, the kernel does not.",LAB,NODE,pod(containers=c("""
- name: web
  ports: [{ containerPort: 8080 }, { containerPort: 8080, protocol: UDP }]
- name: sidecar
  ports: [{ containerPort: 8080, protocol: TCP }]
""")))
w("host-port","hostPort comes later.",LAB,NODE,pod(containers=c("""
- name: web
  ports: [{ containerPort: 80, hostPort: 8080 }]
""")))
w("host-port-with-host-network","With the node's network there is nothing to map.",LAB,NODE,pod(spec="  nodeName: node1\n  hostNetwork: true\n",containers=c("""
- name: web
  ports: [{ containerPort: 80, hostPort: 8080 }, { containerPort: 81, hostPort: 81 }]
""")))
w("args-without-command","What the args are for is in the image, which is not pulled.",LAB,NODE,pod(containers=c("""
- name: web
  image: registry.k8s.io/e2e-test-images/agnhost:2.40
  args: [netexec, --http-port=8080]
""")))
w("things-that-do-nothing","Kubernetes would do something with these.",LAB,NODE,pod(spec="  initContainers:\n    - name: init\n",containers=c("""
- name: web
  envFrom: [{ configMapRef: { name: settings } }]
  env:
    - name: POD_IP
      valueFrom: { fieldRef: { fieldPath: status.podIP } }
""")))
w("env-name","Any printable ASCII but = can be in the name of a variable.",LAB,NODE,pod(containers=c("""
- name: web
  env: [{ name: A=B, value: x }, { name: "", value: x }, { name: "GRÖSSE", value: x }, { name: a.b-c d, value: fine }]
""")))
w("nul-bytes","A program's arguments end at a NUL byte.",LAB,NODE,pod(containers=c(r"""
- name: web
  command: ["echo", "a\0b"]
  args: ["\0"]
  env: [{ name: X, value: "\x00" }]
""")))
# kinds
w("kind-not-built","Kinds of Kubernetes that podnet does not build yet.",LAB,NODE,d("""
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { ports: [{ port: 80 }] }
"""),"apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\n")
w("kind-misspelt","Nearly a Pod.",LAB,NODE,pod().replace("kind: Pod","kind: Pood"),pod("pod2").replace("kind: Pod","kind: pod"))
w("kind-unknown","Nothing of the sort.",LAB,NODE,"apiVersion: example.com/v1\nkind: Widget\nmetadata: { name: w }\n")
w("kind-missing","An object that does not say what it is.",LAB,NODE,"apiVersion: v1\nmetadata: { name: pod1 }\n","metadata: { name: pod2 }\nkind: Pod\n")
w("api-version-wrong","The right kind in the wrong version.",LAB.replace("podnet.dev/v1","podnet/v1"),NODE.replace("v1\n","v2\n",1),pod().replace("apiVersion: v1","apiVersion: apps/v1"))
w("api-version-is-a-number","1 is not v1.",LAB,NODE.replace("apiVersion: v1","apiVersion: 1"))
w("list-item","Objects in a List are looked at as well.",LAB,d("""
apiVersion: v1
kind: List
items:
  - { apiVersion: v1, kind: Node, metadata: { name: node1 } }
  - apiVersion: v1
    kind: Pod
    metadata: { name: pod1 }
    spec:
      nodename: node1
      containers: [{ name: web }]
"""),"apiVersion: v1\nkind: List\nitems: { kind: Node }\n")
# YAML
w("yaml-not-a-mapping","Documents that are no objects.",LAB,NODE,"- kind: Pod\n- kind: Pod\n","just text\n")
w("yaml-tab","A tab is no indentation.",LAB,NODE,"apiVersion: v1\nkind: Pod\nmetadata:\n\tname: pod1\n")
w("yaml-duplicate-key","The second one would silently win.",LAB,NODE,"apiVersion: v1\nkind: Pod\nmetadata:\n  name: pod1\n  name: pod2\nspec:\n  nodeName: node1\n  containers: [{ name: web }]\n  nodeName: node2\n")
w("yaml-bad-indent","The third line stands between two levels.",LAB,NODE,"apiVersion: v1\nkind: Pod\nmetadata:\n    name: pod1\n  namespace: team\n")
w("yaml-open-bracket","A bracket that is never closed.",LAB,"apiVersion: v1\nkind: Node\nmetadata: { name: node1\n")
w("yaml-open-quote","A quote that is never closed.",LAB,"apiVersion: v1\nkind: Node\nmetadata:\n  name: \"node1\n")
w("yaml-two-colons","A colon and a space within text.",LAB,NODE,pod(containers=c("""
- name: web
  command: [sh, -c]
  image: note: this is not an image
""")))
w("yaml-missing-colon","A key without its colon.",LAB,NODE,"apiVersion: v1\nkind: Pod\nmetadata\n  name: pod1\n")
w("yaml-at-sign","Some characters cannot begin text.",LAB,NODE,"apiVersion: v1\nkind: Pod\nmetadata: { name: @pod }\n")
w("yaml-unknown-anchor","An alias needs its anchor before it.",LAB,NODE,"apiVersion: v1\nkind: Pod\nmetadata: { name: pod1 }\nspec:\n  containers: *web\n")
w("yaml-unknown-tag","Tags say nothing to Kubernetes.",LAB,"apiVersion: v1\nkind: Node\nmetadata:\n  name: !Ref node1\n")
w("yaml-problem-in-anchor","Said once, where it is written, not at each alias.",LAB,NODE,d("""
apiVersion: v1
kind: Pod
metadata: { name: pod1 }
spec:
  containers:
    - &web
      name: web
      prots: [{ containerPort: 80 }]
    - *web
""").replace("    - *web\n","    - { <<: *web, name: other }\n"))
w("yaml-alias-bomb","Nine lists of nine lists of ...",LAB,NODE,"apiVersion: v1\nkind: Pod\nmetadata:\n  name: pod1\n  annotations:\n    a: &a [x, x, x, x, x, x, x, x, x]\n"+"".join(f"    {b}: &{b} [{', '.join(['*'+a]*9)}]\n" for a,b in zip("abcdefgh","bcdefghi")))
w("yaml-empty","Nothing but this comment.","")
open(f"{D}/yaml-empty.yaml","w").write("# Nothing but this comment.\n---\n---\n")
w("everything-at-once","All problems come at once: several in one object, and in several objects.",lab("mtu: big\nnodeCIDR: 192.168.0.1/24\nhosts:\n  here: { type: locl }"),"apiVersion: v1\nkind: Node\nmetadata: { name: Node1 }\nspec: { podCIDR: 10.0.0.0/24 }\n",pod("pod1",extra=", labels: { tier: 1 }",spec="  nodeName: Node2\n",containers=c("""
- name: web
  prots: []
  ports: [{ containerPort: 80, hostPort: 80 }]
- name: web
""")))
# folders
def f(name,files):
    os.makedirs(f"{D}/{name}")
    for k,v in files.items():
        open(f"{D}/{name}/{k}","wb").write(v if isinstance(v,bytes) else v.encode())
f("two-files-two-labs",{"a.yaml":LAB,"b.yml":LAB+"---\n"+NODE})
f("broken-file-hides-nothing",{"lab.yaml":LAB+"---\n"+NODE,"broken.yaml":"apiVersion: v1\nkind: [Pod\n","pods.yaml":pod(containers=c("- name: web\n  prots: []\n"))+"---\n"+pod("pod2",spec="  nodeName: perhaps-in-the-broken-file\n")})
f("node-twice-in-two-files",{"lab.yaml":LAB,"nodes.yaml":NODE,"more-nodes.yaml":NODE})
f("not-utf8",{"lab.yaml":LAB+"---\n"+NODE,"latin1.yaml":"# Gr\u00f6\u00dfe\n".encode("latin1")+pod().encode(),"utf16.yaml":pod().encode("utf-16")})
f("folder-without-yaml",{"notes.txt":"A lab's files end with .yaml or .yml; this one does not.\n"})
print(len(os.listdir(D)))
