/* The frame: toasts, the search box, forms that send themselves, selection in tables. Everything works on fragments too. */
(() => {
  "use strict";

  /** Say something at the page's edge; `level` is success, info, warning or error. Errors stay until closed, and so
      does what offers an `action` ({label, run}); its button is the answer. */
  window.pmToast = (text, level = "info", action = null) => {
    const template = document.getElementById("toast-template");
    const box = document.getElementById("toasts");
    const isThere = (toast) => toast.querySelector("[data-text]").textContent === text;
    if (!template || !box || !text) return null;
    if (!action && [...box.children].some(isThere)) return null; /* polling must not pile them up */
    const toast = template.content.firstElementChild.cloneNode(true);
    toast.classList.add(level);
    toast.querySelector("[data-text]").textContent = text;
    box.append(toast);
    if (!action) {
      if (level !== "error") window.setTimeout(() => toast.remove(), 8000);
      return null;
    }
    const button = Object.assign(document.createElement("button"), { type: "button", className: "btn", textContent: action.label });
    button.addEventListener("click", () => { toast.remove(); action.run(); });
    toast.querySelector("[data-text]").after(button);
    return button;
  };

  document.addEventListener("click", (event) => {
    event.target.closest("[data-dismiss]")?.closest(event.target.closest("[data-dismiss]").dataset.dismiss)?.remove();
    if (event.target.closest("[data-print]")) window.print();
  });

  /* Filters send themselves: on change at once; the button for browsers without script is hidden. */
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-autosubmit]");
    if (form && !event.target.matches("[data-no-autosubmit]")) form.requestSubmit();
  });
  for (const noise of document.querySelectorAll("[data-noscript]")) noise.hidden = true;
  /* Back at a list the browser puts the later choice into its fields; they say what the list is of. */
  addEventListener("pageshow", (event) => {
    if (!event.persisted && performance.getEntriesByType("navigation")[0]?.type !== "back_forward") return;
    for (const form of document.querySelectorAll("form[data-autosubmit]")) form.reset();
  });

  /* A bar of tabs that is wider than the screen begins at the one that is shown. */
  for (const tab of document.querySelectorAll(".pm-tabs .nav-link.active")) {
    const bar = tab.closest(".pm-tabs");
    bar.scrollLeft = tab.offsetLeft - bar.offsetLeft - (bar.clientWidth - tab.offsetWidth) / 2;
  }

  /* Selecting rows: <table data-bulk="form-id"> with one [data-bulk-all] and many [data-bulk-row] boxes;
     elements [data-bulk-count] show how many, [data-bulk-bar] is shown when there are any. */
  function countSelection(scope) {
    const rows = [...scope.querySelectorAll("[data-bulk-row]")];
    const chosen = rows.filter((row) => row.checked).length;
    const all = scope.querySelector("[data-bulk-all]");
    if (all) { all.checked = chosen > 0 && chosen === rows.length; all.indeterminate = chosen > 0 && chosen < rows.length; }
    for (const count of scope.querySelectorAll("[data-bulk-count]")) count.textContent = chosen.toLocaleString(document.documentElement.lang);
    for (const bar of scope.querySelectorAll("[data-bulk-bar]")) bar.hidden = chosen === 0;
  }
  document.addEventListener("change", (event) => {
    const scope = event.target.closest("[data-bulk]");
    if (!scope || !event.target.matches("[data-bulk-all], [data-bulk-row]")) return;
    if (event.target.matches("[data-bulk-all]")) {
      for (const row of scope.querySelectorAll("[data-bulk-row]")) row.checked = event.target.checked;
    }
    countSelection(scope);
  });
  for (const scope of document.querySelectorAll("[data-bulk]")) countSelection(scope);

  /* Search: `/` focuses, arrows walk the suggestions, Enter follows the chosen one or sends the form. */
  const input = document.getElementById("search-input");
  const list = document.getElementById("search-suggestions");
  const options = () => [...(list?.querySelectorAll("[role=option]") ?? [])];
  const chosen = () => options().findIndex((option) => option.getAttribute("aria-selected") === "true");
  function choose(index) {
    const all = options();
    all.forEach((option, position) => option.setAttribute("aria-selected", String(position === index)));
    if (all[index]) { input.setAttribute("aria-activedescendant", all[index].id); all[index].scrollIntoView({ block: "nearest" }); }
    else input.removeAttribute("aria-activedescendant");
  }
  function open(isOpen) {
    list.hidden = !isOpen;
    input.setAttribute("aria-expanded", String(isOpen));
    if (!isOpen) choose(-1);
  }
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey && input?.offsetParent) {
      event.preventDefault();
      input.focus();
      input.select();
    }
  });
  if (!input || !list) return;
  input.addEventListener("keydown", (event) => {
    const count = options().length;
    if (event.key === "Escape") { open(false); return; }
    if (list.hidden || count === 0) return;
    if (event.key === "ArrowDown") { event.preventDefault(); choose((chosen() + 1) % count); }
    if (event.key === "ArrowUp") { event.preventDefault(); choose((chosen() - 1 + count) % count); }
    if (event.key === "Enter" && chosen() >= 0) { event.preventDefault(); window.location.assign(options()[chosen()].dataset.url); }
  });
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) window.location.assign(option.dataset.url);
  });
  document.addEventListener("htmx:after:swap", () => open(options().length > 0 && input.value.trim() !== "" && document.activeElement === input));
  input.addEventListener("input", () => { if (input.value.trim() === "") open(false); });
  document.addEventListener("click", (event) => { if (!event.target.closest(".pm-search")) open(false); });
})();
