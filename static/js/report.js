/* Making a report: sections are dragged, moved by Alt and an arrow, added, taken out and put back. What the form
   holds is saved by itself, and the preview follows. */
(() => {
  "use strict";
  const form = document.getElementById("report-parts");
  if (!form) return;
  const PAUSE = { typed: 1000, moved: 300 }; /* milliseconds of rest until what changed is saved */
  const list = form.querySelector("ol");
  const words = form.dataset;
  const preview = document.getElementById("report-preview");
  const state = document.getElementById("parts-state");
  const offline = document.querySelector('meta[name="pm-error-network"]').content;
  let timer = 0;
  let changed = false;
  let sending = 0;
  let saving = Promise.resolve();

  async function send() {
    if (!changed) return;
    changed = false;
    state.textContent = words.saving;
    try {
      const body = String(new URLSearchParams(new FormData(form)));
      const headers = { Accept: "application/json", "Content-Type": "application/x-www-form-urlencoded" };
      const keepalive = body.length < 60000; /* outlives the page, which browsers grant to what is small */
      const answer = await fetch(form.action, { method: "POST", headers, body, keepalive }).catch(() => { throw new Error(offline); });
      const said = await answer.json().catch(() => ({}));
      if (!said.seen) throw new Error(said.message || words.unsaved);
      form.elements.seen.value = said.seen;
      state.textContent = words.saved;
      preview.dispatchEvent(new CustomEvent("report-saved"));
    } catch (error) {
      changed = true;
      state.textContent = words.unsaved;
      window.pmToast(error.message, "error");
      throw error;
    }
  }

  /** Save what changed, after what is being saved already. */
  function save() {
    window.clearTimeout(timer);
    sending += 1;
    saving = saving.catch(() => {}).then(send).finally(() => { sending -= 1; });
    return saving;
  }
  const saveQuietly = () => { save().catch(() => {}); }; /* a toast has said why */
  function touched(pause) {
    changed = true;
    window.clearTimeout(timer);
    timer = window.setTimeout(saveQuietly, pause);
  }

  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  function tell(text, item) {
    const all = [...list.children];
    const values = { name: item.dataset.name, place: all.indexOf(item) + 1, count: all.length };
    document.getElementById("parts-said").textContent = fill(text, values);
    return fill(text, values);
  }
  const button = (item, act) => item.querySelector(`[value^="${act}:"]`);
  /** After the list changed: the first has no way up, the last none down; focus does not get lost. */
  function settle(text, item) {
    for (const each of list.children) {
      button(each, "up").disabled = !each.previousElementSibling;
      button(each, "down").disabled = !each.nextElementSibling;
    }
    touched(PAUSE.moved);
    return tell(text, item);
  }

  /** The neighbour is moved, so that the item itself keeps the focus. */
  function move(item, act) {
    const other = act === "up" ? item.previousElementSibling : item.nextElementSibling;
    if (!other) return;
    item[act === "up" ? "after" : "before"](other);
    const pressed = item.contains(document.activeElement) ? document.activeElement : null;
    settle(words.moved, item);
    if (pressed?.disabled) button(item, act === "up" ? "down" : "up").focus();
  }
  function remove(item) {
    const next = item.nextElementSibling;
    item.remove();
    const run = () => {
      list.insertBefore(item, next?.parentElement === list ? next : null);
      settle(words.added, item);
      button(item, "remove").focus();
    };
    window.pmToast(settle(words.removed, item), "info", { label: words.undo, run })?.focus();
  }
  function add(section) {
    const template = document.querySelector(`template[data-section="${section}"]`);
    const item = template.content.firstElementChild.cloneNode(true);
    list.append(item);
    settle(words.added, item);
    item.querySelector("textarea").focus();
  }

  form.addEventListener("click", (event) => {
    const pressed = event.target.closest("button[name=act]");
    if (!pressed) return;
    event.preventDefault();
    const [act, what] = pressed.value.split(":");
    if (act === "add") add(what);
    else if (act === "remove") remove(pressed.closest("li"));
    else move(pressed.closest("li"), act);
  });
  list.addEventListener("keydown", (event) => {
    const act = { ArrowUp: "up", ArrowDown: "down" }[event.key];
    if (!act || !event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    move(event.target.closest("li"), act);
  });
  list.addEventListener("input", () => touched(PAUSE.typed));
  list.addEventListener("change", saveQuietly); /* one left the field, maybe for another page */

  let dragged = null;
  let before = null;
  list.addEventListener("dragstart", (event) => {
    const grip = event.target.closest?.("[draggable]");
    if (!grip) return;
    dragged = grip.closest("li");
    before = dragged.nextElementSibling;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.dataset.name);
    event.dataTransfer.setDragImage(dragged, 12, 12);
  });
  list.addEventListener("dragover", (event) => {
    if (!dragged) return;
    event.preventDefault();
    const over = event.target.closest("li");
    if (!over || over === dragged) return;
    const box = over.getBoundingClientRect();
    over[event.clientY < box.top + box.height / 2 ? "before" : "after"](dragged);
  });
  list.addEventListener("drop", (event) => { if (dragged) event.preventDefault(); });
  list.addEventListener("dragend", (event) => {
    if (!dragged) return;
    if (event.dataTransfer.dropEffect === "none") list.insertBefore(dragged, before); /* given up */
    else if (dragged.nextElementSibling !== before) settle(words.moved, dragged);
    dragged = null;
  });

  /* What is published or copied has the last words in it. */
  document.addEventListener("submit", async (event) => {
    if (event.target === form) { event.preventDefault(); saveQuietly(); return; }
    if (!event.target.matches("[data-after-save]") || (!changed && sending === 0)) return;
    event.preventDefault();
    try { await save(); event.target.submit(); } catch { /* a toast has said why */ }
  });
  window.addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
})();
