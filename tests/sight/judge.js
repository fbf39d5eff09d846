// Asks the browser, word by word, what a person would see of each text. It shares nothing with the code it judges.
const [texts, done] = arguments;
const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
function rgba(colour) {
  const m = colour.match(/^rgba?\(([^)]*)\)$/);
  if (m) { const p = m[1].split(/[ ,/]+/).map(Number); return [p[0], p[1], p[2], p.length > 3 ? p[3] : 1]; }
  canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
  const d = canvas.getImageData(0, 0, 1, 1).data; return [d[0], d[1], d[2], d[3] / 255];
}
const over = (a, b) => [0, 1, 2].map((i) => a[i] * a[3] + b[i] * (1 - a[3])).concat(1);
const light = (c) => { const [r, g, b] = c.slice(0, 3).map((v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
const contrast = (a, b) => { const [x, y] = [light(a), light(b)].sort((m, n) => n - m); return (x + 0.05) / (y + 0.05); };

function hiddenBecause(frame, node, rects) {
  const view = frame.contentWindow, doc = frame.contentDocument, owner = node.parentElement;
  let boxed = owner;
  while (boxed.parentElement && view.getComputedStyle(boxed).display === 'contents') boxed = boxed.parentElement;
  if (!boxed.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: false })) return 'not rendered';
  const style = view.getComputedStyle(owner);
  let boxes = rects.filter((r) => r.width >= 0.5 && r.height >= 0.5);
  if (!boxes.length) return 'no box';
  if (parseFloat(style.fontSize) < 1) return 'tiny letters';
  let opacity = 1, leaves = false;
  for (let e = owner; e; e = e.parentElement) {
    const s = view.getComputedStyle(e);
    if (e.localName === 'details' && !e.open && !(e.querySelector('summary') || doc.createElement('i')).contains(node)) return 'closed';
    if (s.contentVisibility === 'hidden' && /block|flex|grid|flow|list-item/.test(s.display) && e !== doc.documentElement) return 'skipped';
    if (leaves && (s.position !== 'static' || s.transform !== 'none')) leaves = false;
    if (s.display !== 'contents') opacity *= parseFloat(s.opacity);
    if (s.display !== 'contents' && s.clipPath !== 'none' && /inset\((?:50|100)%|circle\(0px/.test(s.clipPath)) return 'clip-path';
    if (/opacity\(0(?:\.0\d*)?\)/.test(s.filter)) return 'filter';
    if (s.clip !== 'auto' && s.position === 'absolute' && /rect\((?:0|1)px,? (?:0|1)px,? (?:0|1)px,? (?:0|1)px\)/.test(s.clip)) return 'clip';
    const cuts = s.overflowX !== 'visible' || s.overflowY !== 'visible';
    if (cuts && !leaves && !/^(inline|contents)$/.test(s.display) && e !== doc.body && e !== doc.documentElement) {
      const b = e.getBoundingClientRect();
      boxes = boxes.filter((r) => Math.min(r.right, b.right) - Math.max(r.left, b.left) >= 2 && Math.min(r.bottom, b.bottom) - Math.max(r.top, b.top) >= 2);
      if (!boxes.length) return 'clipped';
    }
    if (s.position === 'absolute' || s.position === 'fixed') leaves = true;
  }
  if (opacity <= 0.05) return 'opacity';
  boxes = boxes.filter((r) => r.right > 0 && r.bottom > 0);
  if (!boxes.length) return 'off-screen';
  const colour = rgba(style.webkitTextFillColor);
  const box = boxes[0], x = Math.max(box.left, 0) + Math.min(2, box.width / 2), y = (Math.max(box.top, 0) + box.bottom) / 2;
  const stack = doc.elementsFromPoint(x, y);
  const at = stack.indexOf(owner);
  if (at > 0 && stack.slice(0, at).some((e) => !owner.contains(e) && !e.contains(owner) && rgba(view.getComputedStyle(e).backgroundColor)[3] === 1)) return 'covered';
  let ground = [255, 255, 255, 1], painted = false;
  const chain = [];
  for (let e = owner; e; e = e.parentElement) chain.push(e);
  for (const e of chain.reverse()) {
    const s = view.getComputedStyle(e);
    const inside = [...e.getClientRects()].some((r) => x >= r.left - 1 && x <= r.right + 1 && y >= r.top - 1 && y <= r.bottom + 1);
    if (!inside && e !== doc.body && e !== doc.documentElement) continue;
    const own = rgba(s.backgroundColor);
    if (own[3] === 1) painted = false;
    ground = over(own, ground);
    if (s.backgroundImage !== 'none') painted = true;
  }
  if (!painted && style.textShadow === 'none' && contrast(over(colour, ground), ground) < 1.3) return 'no contrast';
  return '';
}

function judge(frame) {
  const doc = frame.contentDocument, seen = [], unseen = {};
  const walker = doc.createTreeWalker(doc, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    for (const word of node.data.matchAll(/[\p{L}\p{M}\p{N}]+/gu)) {
      const range = doc.createRange();
      range.setStart(node, word.index); range.setEnd(node, word.index + word[0].length);
      const why = node.parentElement ? hiddenBecause(frame, node, [...range.getClientRects()]) : 'not rendered';
      if (why) unseen[word[0]] = why; else seen.push(word[0]);
    }
  }
  return { seen, unseen };
}

(async () => {
  const answers = [];
  for (const text of texts) {
    const frame = document.createElement('iframe');
    frame.sandbox = 'allow-same-origin';
    frame.style = 'width:1280px;height:6000px;border:0;position:absolute;left:0;top:0';
    document.body.append(frame);
    const doc = frame.contentDocument;
    doc.open(); doc.write(text); doc.close();
    answers.push(judge(frame));
    frame.remove();
  }
  done(answers);
})().catch((e) => done(String(e && e.stack)));
