/* The promotion calendar: a bar is dragged, or moved by the arrow keys (a week; with shift its end). The server
   checks and says what was done; the calendar is then read anew, and the move can be taken back. */
(() => {
  "use strict";
  const box = document.getElementById("promotion-calendar");
  const said = document.getElementById("promotion-moved");
  if (!box || !said) return;
  const DAY = 86400000;
  const EDGE = 8; /* pixels from the right in which a drag changes the end */
  const PAUSE = 500; /* milliseconds of no key until what was pressed is sent */
  const token = document.querySelector('meta[name="csrf-token"]').content;
  let undo = null;
  let waiting = null;

  const time = (text) => Date.parse(`${text}T00:00:00Z`);
  const text = (ms) => new Date(ms).toISOString().slice(0, 10);
  const days = () => Number(box.querySelector("[data-promotions]").dataset.days);

  /** Show the bar as if it ran so many days later, its end so many more; delivery goes along with its start. */
  function draw(bar, start, end) {
    for (const rect of bar.querySelectorAll("rect")) {
      rect.dataset.x ??= rect.getAttribute("x");
      rect.dataset.width ??= rect.getAttribute("width");
      const longer = rect.classList.contains("delivery") ? 0 : end - start;
      const width = parseFloat(rect.dataset.width) + (longer / days()) * 100;
      rect.setAttribute("x", `${parseFloat(rect.dataset.x) + (start / days()) * 100}%`);
      rect.setAttribute("width", `${Math.max(width, 0.2)}%`);
    }
    const word = bar.querySelector("text");
    word.dataset.x ??= word.getAttribute("x");
    word.setAttribute("x", `${parseFloat(word.dataset.x) + (start / days()) * 100}%`);
  }

  async function post(url, values) {
    const answer = await fetch(url, { method: "POST", headers: { "X-CSRFToken": token }, body: new URLSearchParams(values) });
    const body = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(body.message || box.dataset.failed);
    return body;
  }

  async function renew(pk) {
    const answer = await fetch(window.location.href, { headers: { "HX-Request": "true" } });
    if (!answer.ok) { window.location.reload(); return; }
    box.innerHTML = await answer.text();
    if (pk) box.querySelector(`[data-bar="${pk}"]`)?.focus();
  }

  function tell(message) {
    said.querySelector("[data-text]").textContent = message;
    said.querySelector("[data-undo]").hidden = !undo;
    said.hidden = false;
  }

  /** Ask for other dates. A refusal puts the bar back and says why. */
  async function move(bar, start, end) {
    if (start === 0 && end === 0) { draw(bar, 0, 0); return; }
    const pk = bar.dataset.bar;
    try {
      const done = await post(bar.dataset.move, {
        store_start: text(time(bar.dataset.start) + start * DAY),
        store_end: text(time(bar.dataset.end) + end * DAY),
        version: bar.dataset.version,
      });
      await renew(pk);
      undo = { url: done.undo, version: done.version, pk };
      tell(done.message);
    } catch (error) {
      draw(bar, 0, 0);
      window.pmToast(error.message, "error");
      await renew(pk);
    }
  }

  said.querySelector("[data-undo]").addEventListener("click", async () => {
    if (!undo) return;
    try {
      const done = await post(undo.url, { version: undo.version });
      await renew(undo.pk);
      undo = null;
      tell(done.message);
    } catch (error) {
      window.pmToast(error.message, "error");
      await renew();
    }
  });

  /** Whether the pointer is at the end of its days in the store; of delivery alone there is none to take. */
  const atEnd = (bar, event) => bar.querySelector(".bar")?.getBoundingClientRect().right - event.clientX < EDGE;
  const movable = (event) => event.target.closest?.("[data-bar]");
  const length = (bar) => Math.round((time(bar.dataset.end) - time(bar.dataset.start)) / DAY);

  box.addEventListener("pointerdown", (event) => {
    const bar = movable(event);
    if (!bar || event.button !== 0) return;
    event.preventDefault();
    bar.focus();
    const lane = bar.closest("svg").getBoundingClientRect();
    const takesEnd = atEnd(bar, event);
    const from = event.clientX;
    let start = 0;
    let end = 0;
    let moved = false;
    bar.classList.add("is-moving");
    bar.setPointerCapture(event.pointerId);
    const follow = (at) => {
      const by = Math.round(((at.clientX - from) / lane.width) * days());
      moved ||= Math.abs(at.clientX - from) > 4;
      end = takesEnd ? Math.max(by, -length(bar)) : by;
      start = takesEnd ? 0 : by;
      draw(bar, start, end);
    };
    const stop = (at) => {
      bar.removeEventListener("pointermove", follow);
      bar.removeEventListener("pointerup", stop);
      bar.removeEventListener("pointercancel", stop);
      bar.classList.remove("is-moving");
      if (at.type === "pointercancel") draw(bar, 0, 0);
      else if (moved) move(bar, start, end);
      else window.location.assign(bar.dataset.page);
    };
    bar.addEventListener("pointermove", follow);
    bar.addEventListener("pointerup", stop);
    bar.addEventListener("pointercancel", stop);
  });
  box.addEventListener("pointermove", (event) => {
    const bar = movable(event);
    if (bar) bar.classList.toggle("at-end", atEnd(bar, event));
  });

  /* Keys pressed shortly after one another are one move. */
  function send() {
    if (!waiting) return;
    const { bar, start, end, timer } = waiting;
    window.clearTimeout(timer);
    waiting = null;
    move(bar, start, end);
  }
  box.addEventListener("keydown", (event) => {
    const bar = movable(event);
    if (!bar) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      window.location.assign(bar.dataset.page);
      return;
    }
    const way = { ArrowLeft: -7, ArrowRight: 7 }[event.key];
    if (!way) return;
    event.preventDefault();
    if (waiting && waiting.bar !== bar) send();
    const before = waiting ?? { start: 0, end: 0 };
    window.clearTimeout(before.timer);
    const start = before.start + (event.shiftKey ? 0 : way);
    const end = Math.max(before.end + way, start - length(bar));
    draw(bar, start, end);
    waiting = { bar, start, end, timer: window.setTimeout(send, PAUSE) };
  });
  box.addEventListener("focusout", send);
})();
