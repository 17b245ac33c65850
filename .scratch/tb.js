const {performance:p}=require("perf_hooks");
let t=p.now();const lap=(s)=>{console.log(s,(p.now()-t).toFixed(1));t=p.now()};
require("@sinclair/typebox");lap("typebox");
require("@sinclair/typebox/errors");lap("errors");
require("@sinclair/typebox/value");lap("value");
require("yaml");lap("yaml");
require("ip-address");lap("ip");
require("fastest-levenshtein");lap("lev");
