// The hands of the page: the clue boxes take a whole list at once, Enter walks through them, the clock runs smoothly.
(() => {
  const boxes = () => [...document.querySelectorAll(".g-clue-box input, .g-clue-box textarea")];
  const isBox = (element) => element instanceof Element && element.closest(".g-clue-box") !== null;

  // A list has its own separators (line, comma, semicolon, tab); five words on one line are a list as well.
  const words = (text) => {
    const list = /[\n,;\t]/.test(text.trim()) ? text.split(/[\n,;\t]+/) : text.trim().split(/\s+/);
    return list.map((word) => word.replace(/^\s*(?:[-*•]|\d+[.)])\s+/, "").trim()).filter(Boolean);
  };

  const write = (box, text) => {
    const prototype = box.tagName === "TEXTAREA" ? HTMLTextAreaElement.prototype : HTMLInputElement.prototype;
    Object.getOwnPropertyDescriptor(prototype, "value").set.call(box, text);
    box.dispatchEvent(new Event("input", { bubbles: true }));
  };

  document.addEventListener("paste", (event) => {
    if (!isBox(event.target)) return;
    const text = event.clipboardData.getData("text");
    const found = words(text);
    const listed = /[\n,;\t]/.test(text.trim());
    if (found.length < 2 || (!listed && found.length < 5)) return;
    event.preventDefault();
    const all = boxes();
    const first = found.length >= all.length ? 0 : all.indexOf(event.target);
    const filled = all.slice(first, first + found.length);
    filled.forEach((box, i) => write(box, found[i]));
    filled.at(-1)?.focus();
  }, true);

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || !isBox(event.target)) return;
    event.preventDefault();
    event.stopPropagation();
    const all = boxes();
    const next = all[all.indexOf(event.target) + 1];
    if (next) { next.focus(); next.select(); } else document.querySelector("#g-go")?.click();
  }, true);

  // Whoever opens an answer of a training wants to read it: the next step must not take it away.
  document.addEventListener("toggle", (event) => {
    const follow = document.querySelector("#g-follow input");
    if (event.newState === "open" && event.target.closest(".g-rollouts") && follow?.checked) follow.click();
  }, true);

  // The server says how long it has taken; between two messages the clock goes on by itself.
  setInterval(() => {
    for (const clock of document.querySelectorAll("[data-running]")) {
      const said = clock.dataset.running;
      if (clock.said !== said) { clock.said = said; clock.since = performance.now(); }
      const seconds = (Number(said) + (performance.now() - clock.since) / 1000).toFixed(1);
      clock.textContent = `${document.documentElement.lang === "en" ? seconds : seconds.replace(".", ",")} s`;
    }
  }, 100);
})();
