// What a reader would stumble over on this page in a window so wide: a function that gives lines of text.
(width => {
  const found = [], brush = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
  const known = new Map();
  function rgba(colour) {
    if (!known.has(colour)) {
      brush.clearRect(0, 0, 1, 1); brush.fillStyle = "#000"; brush.fillStyle = colour; brush.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = brush.getImageData(0, 0, 1, 1).data;
      known.set(colour, [r, g, b, a / 255]);
    }
    return known.get(colour);
  }
  const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
  const fainter = ([r, g, b, a], by) => [r, g, b, a * by];
  const part = value => { const s = value / 255; return s <= .04045 ? s / 12.92 : ((s + .055) / 1.055) ** 2.4; };
  const luminance = ([r, g, b]) => .2126 * part(r) + .7152 * part(g) + .0722 * part(b);
  function contrast(one, other) { const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b); return (high + .05) / (low + .05); }
  const chain = element => { const all = []; for (let e = element; e; e = e.parentElement) all.push(e); return all; };
  function groundOf(element) { // what the element's ancestors paint behind it
    let ground = [255, 255, 255, 1];
    for (const one of chain(element).reverse()) {
      const style = getComputedStyle(one);
      if (style.backgroundImage !== "none" && one.tagName !== "SELECT") found.push("a picture behind text: " + one.outerHTML.slice(0, 90));
      ground = over(rgba(style.backgroundColor), ground);
    }
    return ground;
  }
  const opacity = element => chain(element).reduce((all, one) => all * Number(getComputedStyle(one).opacity), 1);
  function judge(text, ink, ground, size, bold, where) {
    const ratio = contrast(over(ink, ground), ground), least = size >= 24 || (bold && size >= 18.66) ? 3 : 4.5;
    if (ratio < least - .005) found.push("contrast " + ratio.toFixed(2) + " of " + JSON.stringify(text.slice(0, 40)) + " in " + where);
    if (size < 9) found.push("letters of " + size.toFixed(1) + " px: " + JSON.stringify(text.slice(0, 40)) + " in " + where);
  }
  const seen = element => element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && element.getClientRects().length > 0;
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let texts = 0;
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const element = node.parentElement, text = node.data.trim();
    if (!text || ["SCRIPT", "STYLE", "TITLE", "OPTION"].includes(element.tagName) || !seen(element)) continue;
    texts++;
    const style = getComputedStyle(element), bold = Number(style.fontWeight) >= 700, name = element.tagName + "." + (element.getAttribute("class") || "");
    if (!(element instanceof SVGElement)) {
      judge(text, fainter(rgba(style.color), opacity(element)), groundOf(element), parseFloat(style.fontSize), bold, name);
      continue;
    }
    const box = element.getBoundingClientRect(), m = element.getScreenCTM();
    if (!box.width) continue;
    element.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
    const now = element.getBoundingClientRect(), svg = element.closest("svg");
    let ground = groundOf(svg);
    const stack = document.elementsFromPoint(now.x + now.width / 2, now.y + now.height / 2).filter(one => svg.contains(one) && one !== svg);
    const below = stack.slice(stack.findIndex(one => one === element || element.contains(one)) + 1);
    for (const shape of below.reverse()) {
      const paint = getComputedStyle(shape);
      const middle = new DOMPoint(now.x + now.width / 2, now.y + now.height / 2);
      if (!shape.isPointInFill || !shape.isPointInFill(middle.matrixTransform(shape.getScreenCTM().inverse())) || paint.fill === "none") continue;
      ground = over(fainter(rgba(paint.fill), Number(paint.fillOpacity) * opacity(shape)), ground);
    }
    judge(text, fainter(rgba(style.fill), opacity(element) * Number(style.fillOpacity)), ground, parseFloat(style.fontSize) * Math.hypot(m.a, m.b), bold, name);
  }
  for (const element of document.querySelectorAll("select, input")) {
    if (!seen(element)) continue;
    const style = getComputedStyle(element), place = getComputedStyle(element, "::placeholder");
    judge("(" + element.id + ")", rgba(style.color), groundOf(element), parseFloat(style.fontSize), false, element.tagName);
    if (element.placeholder) judge(element.placeholder, fainter(rgba(place.color), Number(place.opacity)), groundOf(element), parseFloat(place.fontSize), false, "placeholder");
  }
  for (const [text, ink, alpha, font] of window.drawnTexts || []) {
    judge(text, fainter(rgba(ink), alpha), groundOf(document.querySelector("canvas")), parseFloat(font), false, "CANVAS");
    texts++;
  }
  if (texts < 5) found.push("there are only " + texts + " texts");
  for (const one of document.querySelectorAll("button, input, select, [tabindex='0'], canvas")) {
    const name = one.getAttribute("aria-label") || one.getAttribute("aria-labelledby") || one.title || (one.labels && one.labels.length) || one.textContent.trim();
    if (seen(one) && !name) found.push("no name: " + one.outerHTML.slice(0, 90));
  }
  const wide = Math.max(document.documentElement.scrollWidth, innerWidth);
  if (wide > width) found.push("the page is " + wide + " px wide in a window of " + width);
  scrollTo(0, 0);
  return [...new Set(found)];
})
