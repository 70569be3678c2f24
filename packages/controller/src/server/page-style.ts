// Owns how the server's own pages look: the console's colours and shapes (PatternFly 6), in one small style without fonts
// or pictures of elsewhere, light or dark as the system has it.

export const pageStyle = `
:root{color-scheme:light dark;--back:#f2f2f2;--card:#fff;--text:#151515;--soft:#4d4d4d;--line:#8c8c8c;--brand:#06c;--over:#004d99;--on:#fff;--bad:#b1380b;--badback:#ffe9e2}
@media(prefers-color-scheme:dark){:root{--back:#151515;--card:#1f1f1f;--text:#fff;--soft:#c7c7c7;--line:#a3a3a3;--brand:#92c5f9;--over:#b9dafc;--on:#1f1f1f;--bad:#ff9980;--badback:#401400}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;background:var(--back);color:var(--text);font:16px/1.5 "Red Hat Text",system-ui,"PingFang SC","Noto Sans CJK SC","Microsoft YaHei",sans-serif;display:flex;flex-direction:column;align-items:center;padding:8vh 1rem 2rem}
header{display:flex;align-items:center;gap:.5rem;font-size:1.5rem;font-weight:600;color:var(--brand);margin-bottom:1.5rem}
main{width:100%;max-width:29rem;background:var(--card);border-radius:24px;padding:2rem;overflow-wrap:anywhere}
main.wide{max-width:42rem}
h1{font-size:1.5rem;font-weight:500;line-height:1.3;margin:0 0 1rem}
a{color:var(--brand)}
label{display:block;font-weight:500;font-size:.875rem;margin-bottom:1rem}
input{display:block;width:100%;margin-top:.25rem;padding:.5rem 1rem;font:inherit;font-size:1rem;color:inherit;background:transparent;border:1px solid var(--line);border-radius:6px}
button,a.button{display:block;width:100%;padding:.5rem 1.5rem;margin:.5rem 0;font:inherit;text-align:center;text-decoration:none;border-radius:999px;border:1px solid var(--brand);background:transparent;color:var(--brand);cursor:pointer}
button.primary{background:var(--brand);color:var(--on)}
button:hover,a.button:hover{border-color:var(--over);color:var(--over)}
button.primary:hover{background:var(--over);color:var(--on)}
:focus-visible{outline:2px solid var(--brand);outline-offset:2px}
.problem{border-left:4px solid var(--bad);background:var(--badback);border-radius:6px;padding:.75rem 1rem;margin:0 0 1rem}
.or{display:flex;align-items:center;gap:1rem;color:var(--soft);font-size:.875rem;margin:1rem 0 .5rem}
.or::before,.or::after{content:"";flex:1;border-top:1px solid var(--line);opacity:.5}
details{margin-top:1.5rem;font-size:.875rem;color:var(--soft)}
summary{cursor:pointer}
code{font-family:"Red Hat Mono",ui-monospace,monospace}
dt{font-weight:600;margin-top:.75rem}
dd{margin:0}
[hidden]{display:none}
`;

/** One arrow that leads many: the sign of the product. */
export const logo =
  '<svg width="32" height="32" viewBox="0 0 28 28" aria-hidden="true"><path d="M3 14h9M9 9l5 5-5 5" fill="none" stroke="currentColor" stroke-width="2.5" stroke-linecap="round" stroke-linejoin="round"/><circle cx="22" cy="5" r="3" fill="currentColor"/><circle cx="22" cy="14" r="3" fill="currentColor"/><circle cx="22" cy="23" r="3" fill="currentColor"/></svg>';
