/* Tables that sort themselves: `table[data-sort]`. A cell's number is in `data-value`, its date in `data-day`; rows with `data-total` stay last,
   and rows whose first cell begins with an em space stay below the row that they are part of. */
(() => {
  "use strict";
  const valueOf = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.value ? Number(cell.dataset.value) : cell.dataset.day || cell.textContent.trim();
  };
  const compare = (a, b) => (typeof a === "number" && typeof b === "number"
    ? a - b
    : String(a).localeCompare(String(b), document.documentElement.lang, { numeric: true }));

  const isPart = (row) => row.cells[0].textContent.startsWith("\u2003");

  function makeSortable(table) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "pm-sort";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const isNumeric = head.classList.contains("num");
        const was = head.getAttribute("aria-sort");
        const order = was ? (was === "ascending" ? "descending" : "ascending") : (isNumeric ? "descending" : "ascending");
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", order);
        const body = table.tBodies[0];
        const rows = [...body.rows].filter((row) => !("total" in row.dataset));
        const totals = [...body.rows].filter((row) => "total" in row.dataset);
        const groups = [];
        for (const row of rows) {
          if (groups.length && isPart(row)) groups.at(-1).push(row);
          else groups.push([row]);
        }
        const missing = (row) => isNumeric && typeof valueOf(row, column) !== "number";
        groups.sort(([a], [b]) => missing(a) - missing(b)
          || compare(valueOf(a, column), valueOf(b, column)) * (order === "ascending" ? 1 : -1));
        body.append(...groups.flat(), ...totals);
      });
    });
  }

  function makeAll() {
    for (const table of document.querySelectorAll("table[data-sort]")) {
      if (!table.querySelector(".pm-sort")) makeSortable(table);
    }
  }
  document.addEventListener("htmx:after:swap", makeAll);
  makeAll();
})();
