/** The certificate's style sheet: light, dark, narrow and printed, in the colours of the report. */
export const certificateStyle = `
:root{color-scheme:light dark;--page:#fcfcfb;--card:#fff;--ink:#1a1d21;--soft:#565d66;--rule:#e2e4e7;--pass:#1a7040;--accent:#1c5fb8}
@media (prefers-color-scheme:dark){:root{--page:#15181c;--card:#1b1f24;--ink:#e8eaed;--soft:#a9b1bb;--rule:#30353c;--pass:#6fce97;--accent:#8ab8f5}}
*{box-sizing:border-box;margin:0;padding:0}
html{font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif;background:var(--page);color:var(--ink)}
body{max-width:62rem;margin:0 auto;padding:2rem clamp(1rem,4vw,3rem) 3rem;overflow-wrap:anywhere}
header{border-top:6px solid var(--accent);padding-top:1.2rem}
.over{display:flex;gap:.7rem;color:var(--soft);font-size:.9rem}.over strong{color:var(--ink)}.over time{margin-left:auto}
h1{font-size:clamp(1.8rem,6vw,3rem);line-height:1.15;margin:1.2rem 0 .5rem;font-weight:680;text-wrap:balance}
.claim{font-size:1.15rem;max-width:44rem;text-wrap:pretty}
.figures{display:grid;grid-template-columns:repeat(4,1fr);gap:1rem;margin:1.8rem 0 0;padding:1rem 0;border-block:1px solid var(--rule)}
.figures div{display:flex;flex-direction:column-reverse}.figures dt{color:var(--soft);font-size:.85rem}
.figures dd{font-size:1.5rem;font-weight:650;font-variant-numeric:tabular-nums}
section{margin-top:2.2rem}h2{font-size:1.2rem;margin-bottom:.7rem}
table{border-collapse:collapse;width:100%;font-size:.93rem;font-variant-numeric:tabular-nums}
th,td{text-align:left;vertical-align:top;padding:.5rem 1rem .5rem 0;border-bottom:1px solid var(--rule)}
td:not(:last-child){white-space:nowrap}thead th{color:var(--soft);font-weight:500;font-size:.82rem}
tbody th{font-weight:600;min-width:16rem}small{display:block;font-weight:400;color:var(--soft);font-size:.85rem}
.lessons{list-style-position:inside;list-style:none;counter-reset:lesson;display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,26rem),1fr));gap:0 2.5rem}
.lessons li{counter-increment:lesson;padding:.7rem 0 .7rem 2.2rem;border-bottom:1px solid var(--rule);position:relative}
.lessons li::before{content:counter(lesson);position:absolute;left:0;top:.7rem;color:var(--accent);font-weight:650}
.lessons h3{font-size:1rem;font-weight:640}.lessons h3 small{display:inline;margin-left:.4rem}.lessons .done h3 small{color:var(--pass)}
.lessons p{font-size:.9rem;color:var(--soft);text-wrap:pretty}.lessons .open{opacity:.75}.lessons .told{color:var(--ink)}
footer{margin-top:2.5rem;padding-top:.8rem;border-top:1px solid var(--rule);color:var(--soft);font-size:.82rem}
@media screen and (max-width:640px){
.figures{grid-template-columns:repeat(2,1fr)}
thead{display:none}tbody tr{display:grid;grid-template-columns:1fr 1fr;gap:.2rem 1rem;padding:.7rem 0;border-bottom:1px solid var(--rule)}
tbody th{grid-column:1/-1;min-width:0}th,td{padding:0;border:0}td:not(:last-child){white-space:normal}td:last-child{grid-column:1/-1}
td::before{content:attr(data-label) ' ';color:var(--soft)}
}
@page{size:A4;margin:14mm}
@media print{
:root{color-scheme:light;--page:#fff;--card:#fff;--ink:#1a1d21;--soft:#565d66;--rule:#d5d8dc;--pass:#1a7040;--accent:#1c5fb8}
html{font-size:11px}body{padding:0;max-width:none}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
li,tr,header{break-inside:avoid}h2{break-after:avoid}thead{display:table-header-group}
}
`
