/** The page's one style sheet: light, dark, narrow and printed. Every colour has a word, a shape or a place that says the same. */
import {zooms} from './scale.ts'

const light = `
--page:#fcfcfb;--card:#fff;--ink:#1a1d21;--soft:#565d66;--faint:#8b929b;--rule:#e2e4e7;--grid:#e9ebee;
--link:#0b57a4;--pass:#1a7040;--fail:#b3201a;--unknown:#8a5a00;
--pass-wash:#eaf5ee;--fail-wash:#fcedec;--unknown-wash:#fbf3e1;
--leader:#1c5fb8;--leader-ink:#fff;--replica:#cfdff3;--replica-ink:#17375f;--alone:#e8eef6;
--down:#3d434b;--down-ink:#fff;--hatch:#9aa1aa;--key:#c58a12;--answers:#4f9a72;--route:#dcd8ee;--route-ink:#3a2e6b;
--flow:#d7ebdf;--flow-ink:#15512f;--gap:#b3201a;--fault:rgba(179,32,26,.075);--fault-line:rgba(179,32,26,.5);
--writes:#5b93d6;--reads:#2e3a49;--latency:#b9a7dd;--latency-max:#6b4fb0;--predicted:#c9d9ee;--mark:#59616b;--cursor:#1a1d21;--shade:rgba(26,29,33,.32);`

const dark = `
--page:#15181c;--card:#1b1f24;--ink:#e8eaed;--soft:#a9b1bb;--faint:#7d858f;--rule:#30353c;--grid:#272c32;
--link:#8ab8f5;--pass:#6fce97;--fail:#ff8f86;--unknown:#f0c05a;
--pass-wash:#16281e;--fail-wash:#331a19;--unknown-wash:#2f2614;
--leader:#2f6fc8;--leader-ink:#fff;--replica:#2b3f59;--replica-ink:#d5e4f7;--alone:#222c39;
--down:#59616c;--down-ink:#fff;--hatch:#6a727d;--key:#e0ab3e;--answers:#5aa97f;--route:#3b3560;--route-ink:#dfd9fa;
--flow:#1d3a29;--flow-ink:#bfe5ce;--gap:#ff8f86;--fault:rgba(255,120,110,.10);--fault-line:rgba(255,120,110,.55);
--writes:#4a86cf;--reads:#d8dee6;--latency:#54468a;--latency-max:#b7a2f2;--predicted:#34496a;--mark:#9aa3ae;--cursor:#e8eaed;--shade:rgba(232,234,237,.4);`

/** Where the drawing is wider than its window: a line that says so, and edges that fade where it goes on. */
const goesOn = (where: string) => `${where} .further{display:block}${where} .scroller{--edges:${fading}}`
const fading =
  'linear-gradient(90deg,transparent,#000 var(--fade-left),#000 calc(100% - var(--fade-right)),transparent)'

/** What is wide enough at each zoom, without a script: the chosen radio button says which. */
const zoomed = zooms
  .map(zoom => {
    const on = `.timeline:has(#zoom-${zoom}:checked)`
    const fits = zooms.filter(one => one <= zoom).map(one => `${on} .fit-${one}`)
    return `${on} .plot{width:${zoom * 100}%;min-width:${zoom * 620}px}${on} .at-${zoom},${fits.join(',')}{display:inline}${fits.map(one => one.replace('fit', 'upto')).join(',')}{display:none}${zoom === 1 ? '' : goesOn(on)}`
  })
  .join('\n')

/** Of the lost writes these many are printed. */
export const lostOnPaper = 20

export const style = `
:root{color-scheme:light dark;${light}}
@media (prefers-color-scheme:dark){:root{${dark}}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-padding-top:1rem}
body{margin:0 auto;max-width:1240px;padding:clamp(1rem,3.5vw,2.75rem);background:var(--page);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','Liberation Sans',sans-serif;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
/* Its columns are as wide as their longest words; a table that is too wide is scrolled. */
table{overflow-wrap:normal}
a{color:var(--link);text-underline-offset:.18em;text-decoration-thickness:1px}
:focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:3px}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:1rem;background:var(--card);padding:.5rem 1rem;z-index:9}
figure{min-width:0}.print{display:none}
h1,h2,h3,p,dl,dd,ol,ul,figure,fieldset{margin:0;padding:0;border:0}
code,kbd,.log td,table.lost td:last-child,.about dd{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace}
code,kbd{font-size:.92em}kbd{border:1px solid var(--rule);border-radius:4px;padding:0 .35em;background:var(--card)}
.note,small,caption{color:var(--soft);font-size:.87rem}
.num{text-align:right;white-space:nowrap}
.tag{font-weight:650;white-space:nowrap}
.pass .tag,.tag.pass,.pass .verdict{color:var(--pass)}.fail .tag,.fail .verdict{color:var(--fail)}.unknown .tag,.unknown .verdict{color:var(--unknown)}

header .over{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;color:var(--soft);font-size:.87rem;border-bottom:1px solid var(--rule);padding-bottom:.65rem}
header .over strong{color:var(--ink);letter-spacing:.01em}header .over time{margin-left:auto}
.first,h1{display:flex;flex-wrap:wrap;align-items:baseline;gap:.2rem .9rem}.first{margin-top:1.4rem}
h1{font-size:1.5rem;line-height:1.25;font-weight:600}
.limit{font-size:1.02rem}.limit b{font-weight:650}.limit span{color:var(--soft)}
.verdict{font-weight:750;letter-spacing:.035em}
.lead{display:grid;grid-template-columns:minmax(15rem,auto) 1fr;gap:1rem 3rem;align-items:start;margin:1rem 0 1.4rem}
.number b{display:block;font-size:clamp(3.4rem,9.5vw,6.2rem);line-height:1;font-weight:680;letter-spacing:-.035em;white-space:nowrap}
.number small{font-size:.42em;font-weight:500;color:var(--soft);letter-spacing:0}
.number span{color:var(--soft)}
.headline{font-size:1.16rem;line-height:1.42;text-wrap:pretty}
.setup{margin-top:.6rem;font-size:.87rem}.setup div{display:grid;grid-template-columns:4.4rem 1fr;gap:.6rem}.setup dt{color:var(--soft)}
.claim{color:var(--soft);font-size:.92rem;margin-top:.5rem;text-wrap:pretty}.claim span{font-weight:600}
.wrong{list-style:none;border-left:4px solid var(--fail);background:var(--fail-wash);padding:.6rem 1rem;margin-bottom:1.4rem;border-radius:0 6px 6px 0}
header.unknown .wrong{border-color:var(--unknown);background:var(--unknown-wash)}
.wrong .tag{display:inline-block;min-width:6.2rem}.wrong .unknown .tag{color:var(--unknown)}.wrong .fail .tag{color:var(--fail)}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));border-block:1px solid var(--rule)}
.figures div{padding:.8rem 1.1rem .85rem 0}
.figures dt{color:var(--soft);font-size:.87rem}.figures dd{font-size:1.42rem;font-weight:620;line-height:1.3;letter-spacing:-.01em}
.figures dd.note{font-size:.82rem;font-weight:400;letter-spacing:0;line-height:1.35}.figures .bad dd:not(.note){color:var(--fail)}
nav{display:flex;flex-wrap:wrap;gap:.3rem 1.3rem;padding-top:.8rem;font-size:.92rem}

section{margin-top:2.6rem}
h2{font-size:1.24rem;font-weight:640;letter-spacing:-.008em;margin-bottom:.8rem}
h3{font-size:1rem;font-weight:600}
section>h3{margin:1.4rem 0 .5rem}
section>.note{margin-top:.6rem}

.toolbar{display:flex;flex-wrap:wrap;gap:.3rem 1.5rem;align-items:center;margin-bottom:.5rem;min-height:1.9rem}
.zoom,.hosts{display:flex;flex-wrap:wrap;align-items:center;gap:.15rem}
legend{float:left;color:var(--soft);font-size:.87rem;margin-right:.5rem;padding:0}
.zoom label,.hosts label{position:relative;cursor:pointer}
.zoom input,.hosts input{position:absolute;opacity:0;inset:0;margin:0;cursor:pointer}
.zoom span,.hosts span{display:block;padding:.12rem .7rem;border:1px solid var(--rule);border-radius:5px;font-size:.87rem;background:var(--card);color:var(--soft)}
.zoom :checked+span,.hosts :checked+span{color:var(--ink);border-color:var(--ink);font-weight:600}
.hosts span::before{content:'☐ '}.hosts :checked+span::before{content:'☑ '}
.zoom :focus-visible+span,.hosts :focus-visible+span{outline:2px solid var(--link);outline-offset:2px}
.keys{color:var(--soft);font-size:.82rem}
.timeline{container-type:inline-size}.lanes{display:grid;grid-template-columns:100px minmax(0,1fr)}
.further{display:none;color:var(--soft);font-size:.87rem;margin-bottom:.4rem}
.scroller{overflow-x:auto;overflow-y:hidden;position:relative;border-left:1px solid var(--rule);scrollbar-width:thin}
.scroller:focus-visible{outline-offset:0}
svg{display:block}.lanes svg text{font-size:11.5px;fill:var(--soft)}
.names .name{font-size:13.5px;font-weight:640;fill:var(--ink)}.names .row,.names .unit{text-anchor:end;font-size:10.5px}
.tick{stroke:var(--grid)}.tick.zero{stroke:var(--fault-line)}.grid{stroke:var(--grid);stroke-dasharray:2 3}.base{stroke:var(--faint)}
.axis,[class^=fit-]{display:none}
.fault rect{fill:var(--fault)}.fault line{stroke:var(--fault-line)}
.lanes svg .fault-label{fill:var(--fail);font-weight:640;font-size:12px}
.mark line{stroke:var(--mark);stroke-dasharray:1 3}.mark circle{fill:var(--page);stroke:var(--mark);stroke-width:2}
.lanes svg .mark-label{fill:var(--ink)}.mark:hover .mark-label{text-decoration:underline}
.mark.fail circle,.mark.fail line{stroke:var(--fail)}.lanes svg .mark.fail .mark-label{fill:var(--fail);font-weight:640}
.mark-label,.fault-label{paint-order:stroke;stroke:var(--page);stroke-width:4px;stroke-linejoin:round}
.stretch rect{fill:none}.stretch text{font-weight:560}
.leader rect{fill:var(--leader)}.lanes svg .leader text{fill:var(--leader-ink)}
.primary rect{fill:var(--fail-wash);stroke:var(--fail);stroke-width:4}.lanes svg .primary text{fill:var(--fail);font-weight:750}
.read-only rect{fill:var(--unknown-wash);stroke:var(--unknown);stroke-width:2}.lanes svg .read-only text{fill:var(--unknown)}
.replica rect{fill:var(--replica)}.lanes svg .replica text{fill:var(--replica-ink)}
.replica.alone rect{fill:var(--alone);stroke:var(--replica);stroke-width:2;stroke-dasharray:3 3}
.silent rect{fill:url(#hatch)}.hatch-line{stroke:var(--hatch);stroke-width:1.4}
.stopped rect{fill:var(--down)}.lanes svg .stopped text{fill:var(--down-ink)}
.paused rect{fill:url(#bars);stroke:var(--hatch);stroke-width:2}
.silent text,.paused text,.gap text{paint-order:stroke;stroke:var(--page);stroke-width:5px;stroke-linejoin:round}
.key rect{fill:var(--key)}
.answers rect{fill:var(--answers)}.answers-some rect{fill:none;stroke:var(--answers);stroke-width:3;stroke-dasharray:6 4}
.answers-none rect{fill:url(#hatch);opacity:.75}
.route rect{fill:var(--route)}.lanes svg .route text{fill:var(--route-ink)}
.route.none rect{fill:url(#hatch)}.lanes svg .route.none text{fill:var(--ink);paint-order:stroke;stroke:var(--page);stroke-width:5px}
.route.many rect{fill:var(--fail-wash);stroke:var(--fail);stroke-width:4}.lanes svg .route.many text{fill:var(--fail);font-weight:750}
.flow rect{fill:var(--flow)}.lanes svg .flow text{fill:var(--flow-ink)}
.gap rect{fill:url(#hatch-bad);stroke:var(--gap);stroke-width:2}.hatch-bad-line{stroke:var(--gap);stroke-width:2;opacity:.55}
.lanes svg .gap text{fill:var(--gap);font-weight:720}
.writes{fill:var(--writes)}.reads{fill:var(--reads)}.failures{fill:var(--fail)}
.latency{fill:var(--latency)}.latency-max{fill:var(--latency-max)}
.target{stroke:transparent;stroke-width:2}.target:target{stroke:var(--link)}
.cursor{position:absolute;top:0;width:1px;background:var(--cursor);pointer-events:none;height:var(--height)}
.readout{margin-top:.5rem;padding:.45rem .75rem;background:var(--card);border:1px solid var(--rule);border-radius:6px;font-size:.87rem;min-height:2.1rem}
.readout b{margin-right:.6rem}
.legend{display:flex;flex-wrap:wrap;gap:.25rem 1.15rem;list-style:none;margin-top:.8rem;color:var(--soft);font-size:.82rem}
.legend li{display:flex;align-items:center;gap:.4rem}
.swatch{width:1.5rem;height:.8rem;border-radius:2px;display:inline-block}
.swatch.leader{background:var(--leader)}.swatch.replica{background:var(--replica)}.swatch.stopped{background:var(--down)}
.swatch.key{background:var(--key);height:.4rem}.swatch.primary{border:2px solid var(--fail);background:var(--fail-wash)}
.swatch.silent{background:repeating-linear-gradient(45deg,var(--hatch) 0 1.4px,transparent 1.4px 5px);border:1px solid var(--rule)}
.swatch.fault{background:var(--fault);border-inline:1px solid var(--fault-line)}
.swatch.writes{background:var(--writes)}.swatch.reads{background:var(--reads);height:2px}.swatch.failures{background:var(--fail);height:.4rem}
.swatch.latency{background:var(--latency)}.swatch.latency-max{background:var(--latency-max);height:2px}
.swatch.gap{background:repeating-linear-gradient(45deg,var(--gap) 0 1.6px,transparent 1.6px 5px);border:1px solid var(--gap)}
details{margin-top:.5rem}summary{cursor:pointer;color:var(--link);font-size:.87rem;width:fit-content}

table{border-collapse:collapse;width:100%;font-size:.92rem}
caption{text-align:left;padding-bottom:.3rem}
th{text-align:left;font-weight:600}thead th{color:var(--soft);font-size:.82rem;font-weight:500;vertical-align:bottom}
thead th.num{text-align:right}
th,td{padding:.34rem .7rem .34rem 0;border-bottom:1px solid var(--rule);vertical-align:top}
td:last-child,th:last-child{padding-right:0}
.wide caption{box-sizing:border-box;max-width:100cqw}
/* Shadows where it goes on: each lies under a cover that scrolls away with the table. */
.wide{container-type:inline-size;overflow-x:auto;background:linear-gradient(90deg,var(--page) 40%,transparent) 0/3.5rem 100% no-repeat local,linear-gradient(270deg,var(--page) 40%,transparent) 100%/3.5rem 100% no-repeat local,linear-gradient(90deg,var(--shade),transparent) 0/1.1rem 100% no-repeat scroll,linear-gradient(270deg,var(--shade),transparent) 100%/1.1rem 100% no-repeat scroll}
.phases th[scope=row]{min-width:15rem}.phases th small,.drivers th small{display:block;font-weight:400;line-height:1.35}
.phases .tag{margin-right:.3rem}.phases .pass .quiet{display:none}.phases .quiet{margin-left:.3rem}
.scale{width:34%;min-width:11rem}th.scale span:last-child{float:right}
.predicted{fill:var(--predicted);stroke:var(--leader);stroke-width:1}.measured{stroke:var(--ink);stroke-width:3}
.fail .measured{stroke:var(--fail)}.scale .base{stroke:var(--grid)}
tr:target,article:target{background:var(--unknown-wash)}

.finding{border-top:1px solid var(--rule);padding:.75rem 0 .8rem}
.finding.fail,.finding.unknown{border:1px solid var(--fail);border-left-width:5px;border-radius:6px;padding:.8rem 1.1rem;margin-bottom:.8rem;background:var(--card)}
.finding.unknown{border-color:var(--unknown)}
.finding h3{display:flex;flex-wrap:wrap;gap:0 .7rem;align-items:baseline}.finding h3 small{font-weight:400;margin-left:auto}
.explained div{display:grid;grid-template-columns:5.4rem 1fr;gap:.7rem;margin-top:.3rem}
.finding.pass .explained div{grid-template-columns:1fr}.finding.pass .explained dt{display:none}
.explained dt{color:var(--soft)}.explained dd{text-wrap:pretty;min-width:0;overflow-wrap:anywhere}
.proof,.story{list-style:none}.proof li,.story li{display:grid;grid-template-columns:6.2rem 1fr;gap:.7rem}
.proof .moment,.proof time,.story .moment,.story>li>time{text-align:right;white-space:nowrap}
.story li{padding:.13rem 0}.story .is-fault-injecting span,.story .is-fault-mended span,.story .is-leader-key span{font-weight:640}
.story .is-phase span,.story .is-step-started span{color:var(--soft)}
.measures{display:flex;flex-wrap:wrap;gap:.15rem 1.6rem;font-size:.9rem;margin:.4rem 0}
.measures div{display:flex;gap:.45rem}.measures dt{color:var(--soft)}
.two{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr));gap:1rem 3rem;align-items:start}
.log{max-height:75vh;overflow:auto;border:1px solid var(--rule);border-radius:6px;margin-top:.5rem;background:var(--card)}
.log table{font-size:.8rem;line-height:1.45}.log thead th{position:sticky;top:0;background:var(--card);padding-top:.4rem}
.log th{white-space:nowrap}.log td,.log th{padding:.14rem .7rem;border-bottom:0}.log td:last-child{width:100%;overflow-wrap:anywhere;min-width:22rem}
.log .error td:last-child{color:var(--fail)}.log .warning td:last-child{color:var(--unknown)}
.log tr:hover{background:var(--unknown-wash)}.times{font-weight:600;color:var(--soft);white-space:nowrap}
.about{display:grid;gap:.25rem}.about div{display:grid;grid-template-columns:6.2rem 1fr;gap:.7rem}.about dt{color:var(--soft)}
.about dd{font-size:.87rem;overflow-wrap:anywhere}
footer{margin-top:3rem;padding-top:.8rem;border-top:1px solid var(--rule);color:var(--soft);font-size:.82rem}

@media screen and (max-width:760px){
.lead{grid-template-columns:1fr}header .over time{margin-left:0}
.explained div{grid-template-columns:1fr;gap:0}.proof li{grid-template-columns:5rem 1fr}
.figures{grid-template-columns:repeat(2,1fr)}.keys{display:none}
.phases,.phases tbody,.phases caption{display:block}.phases thead{display:none}.phases th[scope=row]{min-width:0}
.phases tr{display:grid;grid-template-columns:1fr 1fr;gap:.1rem 1rem;padding:.6rem 0;border-bottom:1px solid var(--rule)}
.phases td,.phases th{padding:0;border:0}.phases td:empty{display:none}.phases .scale,.phases th{grid-column:1/-1;width:auto;min-width:0}
.phases .num{text-align:left;white-space:normal}.phases [data-label]::before{content:attr(data-label) ' ';color:var(--soft)}
.log thead{display:none}.log tr{display:grid;grid-template-columns:auto auto 1fr;padding:.2rem 0;border-bottom:1px solid var(--rule)}
.log td:last-child{grid-column:1/-1;min-width:0}
}
/* The drawing is never narrower than 620 px: below that, or zoomed, it is scrolled, and a line says so. */
@container (width < 720px){.lanes{grid-template-columns:82px minmax(0,1fr)}.names .name{font-size:12px}}
@container (width < 702.5px){${goesOn('')}}
@property --fade-left{syntax:'<length>';inherits:false;initial-value:0px}
@property --fade-right{syntax:'<length>';inherits:false;initial-value:0px}
@keyframes goes-on{0%{--fade-left:0px;--fade-right:40px}8%{--fade-left:40px}92%{--fade-right:40px}100%{--fade-left:40px;--fade-right:0px}}
@media screen{
${zoomed}
@supports (animation-timeline:scroll()){
.scroller{animation:goes-on linear;animation-timeline:scroll(self inline);mask-image:var(--edges,none)}
.scroller:focus-visible{mask-image:none}
}
}
@page{size:A4;margin:12mm 12mm 15mm;@bottom-left{content:'pgha-lab';font:8pt sans-serif;color:#565d66}@bottom-right{content:counter(page) ' / ' counter(pages);font:8pt sans-serif;color:#565d66}}
@media print{
:root{color-scheme:light;${light}--page:#fff}
html{font-size:11.5px}body{padding:0;max-width:none;font-size:1rem}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
nav,.toolbar,.further,.skip,.as-table,.readout,.cursor,.logs,.screen,details:not([open]){display:none}.print{display:block}
.timeline{zoom:.82}.plot{width:100%;min-width:0}.at-1,.fit-1{display:inline}.scroller,.wide{overflow:visible}.wide{background:none}
/* In grey a host that is down must not look like a leader. */
.stopped rect{fill:#fff;stroke:var(--down);stroke-width:4}.lanes svg .stopped text{fill:var(--down)}
.swatch.stopped{background:#fff;border:2px solid var(--down)}
.phases th[scope=row]{min-width:0}.scale{width:26%;min-width:8rem}.lost tbody tr:nth-child(n+${lostOnPaper + 1}){display:none}
.number b{font-size:40pt}.lead{grid-template-columns:auto 1fr;gap:1rem 2rem}
.figures{grid-template-columns:repeat(5,1fr)}.figures dd{font-size:12pt}.drivers{font-size:.8rem}.drivers thead .num{white-space:normal}
section{margin-top:1.3rem}.finding{padding:.45rem 0}h2,h3,caption{break-after:avoid}
header,figure,.finding,tr,li,.two,.phases,.drivers,#about{break-inside:avoid}thead{display:table-header-group}
td:not(.num),dd,li{overflow-wrap:anywhere}
a{color:inherit;text-decoration:none}footer{margin-top:1rem}
}
`
