/* Copying a table: tab-separated for a spreadsheet, and as HTML for slides and mail. `[data-copy-table="#id"]`. */
(() => {
  "use strict";
  const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? "";
  /** The words of a cell as seen: what is only for screen readers is left out, a missing value becomes empty. */
  function cellText(cell) {
    const copy = cell.cloneNode(true);
    for (const hidden of copy.querySelectorAll(".visually-hidden, svg, button:not(.pm-sort)")) hidden.remove();
    const text = copy.textContent.replace(/[\s\u00a0]+/g, " ").trim();
    return text === "—" ? "" : text;
  }
  const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy-table]");
    if (!button) return;
    const table = document.querySelector(button.dataset.copyTable);
    const rows = [...table.rows].map((row) => [...row.cells].map(cellText));
    const text = rows.map((row) => row.join("\t")).join("\n");
    const html = `<table>${rows.map((row) => `<tr>${row.map((cell) => `<td>${escaped(cell)}</td>`).join("")}</tr>`).join("")}</table>`;
    try {
      await navigator.clipboard.write([new ClipboardItem({
        "text/plain": new Blob([text], { type: "text/plain" }),
        "text/html": new Blob([html], { type: "text/html" }),
      })]);
      window.pmToast(meta("pm-copied"), "success");
    } catch {
      window.pmToast(meta("pm-copy-failed"), "error");
    }
  });

  /* Copying what a field holds: `[data-copy="#id"]`. */
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    try {
      await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).value);
      window.pmToast(meta("pm-copied"), "success");
    } catch {
      window.pmToast(meta("pm-copy-failed"), "error");
    }
  });

  /* Pasting from a spreadsheet: `form[data-paste-grid]`, from the cell one stands in downwards and to the right. */
  document.addEventListener("paste", (event) => {
    const first = event.target.closest("[data-paste-grid] td input");
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (!first || !/[\t\n]/.test(text.trim())) return;
    event.preventDefault();
    const row = first.closest("tr");
    const column = first.closest("td").cellIndex;
    const lines = text.replace(/\r/g, "").replace(/\n$/, "").split("\n");
    let target = row;
    let cut = false;
    for (const line of lines) {
      line.split("\t").forEach((value, offset) => {
        const input = target?.cells[column + offset]?.querySelector("input");
        if (input) input.value = value.trim();
        else cut ||= value.trim() !== "";
      });
      target = target?.nextElementSibling;
    }
    const said = first.form.dataset.pasteCut;
    if (cut && said) window.pmToast(said, "warning");
    first.dispatchEvent(new Event("change", { bubbles: true }));
  });
})();
