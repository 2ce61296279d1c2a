// Draws what a table says, with the library that the admin brings (Chart.js): each bar leads where its row's link leads.
// Without this script the table is all there is, and it is open.
"use strict";

(() => {
  const drawn = [];

  // One row of the table: what it is of, and in the cell that is drawn its number, its words and its link.
  const read = (table, column) =>
    [...table.tBodies[0].rows].map((row) => {
      const cell = row.cells[column];
      const link = cell.querySelector("a");
      return {
        name: row.cells[0].textContent.trim(),
        value: Number(cell.dataset.value || 0),
        words: cell.textContent.trim(),
        href: link ? link.href : "",
      };
    });

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  const number = new Intl.NumberFormat(document.documentElement.lang || "en", { notation: "compact" });

  const draw = (canvas) => {
    const table = document.getElementById(canvas.dataset.table);
    const column = Number(canvas.dataset.column);
    const bars = read(table, column);
    const isWhole = bars.every((bar) => Number.isInteger(bar.value));
    // Of two drawings beside each other, each says what it counts.
    const isOneOfTwo = canvas.closest("figure").querySelectorAll("canvas").length > 1;
    const at = (event, chart) => {
      const [hit] = chart.getElementsAtEventForMode(event, "index", { intersect: false }, false);
      return hit ? bars[hit.index].href : "";
    };
    const chart = new Chart(canvas, {
      type: "bar",
      data: {
        labels: bars.map((bar) => bar.name),
        datasets: [
          {
            data: bars.map((bar) => bar.value),
            // Asked for whenever it is drawn: the page may change its colours.
            backgroundColor: () => colour("--accent"),
            hoverBackgroundColor: () => colour("--ink"),
            borderRadius: 2,
            maxBarThickness: 40,
          },
        ],
      },
      options: {
        animation: false,
        maintainAspectRatio: false,
        events: ["mousemove", "mouseout", "click", "touchstart"],
        interaction: { mode: "index", intersect: false },
        onClick: (event, _hits, one) => {
          const href = at(event.native, one);
          if (href) window.location.assign(href);
        },
        onHover: (event, _hits, one) => {
          canvas.style.cursor = at(event.native, one) ? "pointer" : "";
        },
        plugins: {
          colors: { enabled: false },
          legend: { display: false },
          title: {
            align: "start",
            color: () => colour("--muted"),
            display: isOneOfTwo,
            font: { weight: "normal" },
            text: table.tHead.rows[0].cells[column].textContent,
          },
          tooltip: { displayColors: false, callbacks: { label: (item) => bars[item.dataIndex].words || number.format(0) } },
        },
        scales: {
          x: {
            border: { color: () => colour("--line") },
            grid: { display: false },
            ticks: { autoSkipPadding: 12, color: () => colour("--muted"), maxRotation: 0 },
          },
          y: {
            beginAtZero: true,
            border: { display: false },
            grid: { color: () => colour("--line") },
            ticks: {
              callback: (value) => number.format(value),
              color: () => colour("--muted"),
              maxTicksLimit: 4,
              precision: isWhole ? 0 : undefined,
            },
          },
        },
      },
    });
    drawn.push(chart);
  };

  const begin = () => {
    if (typeof Chart === "undefined") return;
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    Chart.defaults.font.size = 12;
    for (const canvas of document.querySelectorAll("canvas[data-table]")) {
      const figure = canvas.closest("figure");
      figure.dataset.drawn = "";
      // Where the table is what the page tells, it stands below and stays.
      for (const folded of figure.querySelectorAll("details")) folded.open = false;
      draw(canvas);
    }
    const again = () => drawn.forEach((chart) => chart.update("none"));
    new MutationObserver(again).observe(document.documentElement, { attributeFilter: ["class"] });
  };

  begin();
})();
