// Tables of class "sortable" sort by a click on a heading, from the highest first.
{
  const words = new Intl.Collator("en", { numeric: true });

  /** What a cell is sorted by: its data-sort, or the text of its value. */
  const keyOf = (cell) => cell.dataset.sort ?? (cell.querySelector(".value") ?? cell).textContent.trim();
  const numberOf = (text) => (/^[+−-]?[\d.]/.test(text) ? parseFloat(text.replace("−", "-").replaceAll(",", "")) : NaN);

  const sort = (head) => {
    const table = head.closest("table"), column = head.cellIndex;
    const down = head.getAttribute("aria-sort") !== "descending";
    for (const other of table.querySelectorAll("th[aria-sort]")) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const rows = [...table.tBodies[0].rows].map((row) => {
      const text = keyOf(row.cells[column]);
      return { row, text, number: numberOf(text) };
    });
    const textual = column === 0 || rows.every((one) => Number.isNaN(one.number));
    rows.sort((a, b) => {
      if (textual) return words.compare(a.text, b.text) * (down ? -1 : 1);
      // What has no number stays below, however it is sorted.
      return Number.isNaN(a.number) - Number.isNaN(b.number) || (down ? b.number - a.number : a.number - b.number);
    });
    table.tBodies[0].append(...rows.map((one) => one.row));
  };

  for (const button of document.querySelectorAll(".sortable th button")) {
    button.addEventListener("click", () => sort(button.closest("th")));
  }
}
