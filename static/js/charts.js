/* Charts: Vega is loaded only when a page or fragment holds one. A chart is
     <div class="chart" data-chart="#id-of-json-script"> or <div class="chart" data-chart-url="…">
   inside a [data-chart-box] with its buttons [data-chart-do=table|png|svg|copy] and its table; with data-chart-own
   it is drawn only to be taken along, as the page has a drawing of its own. Specs come from our
   server, name styles and not colours, and run in Vega's interpreter: strict CSP holds. */
(() => {
  "use strict";
  const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? "";
  const [themeUrl, ...libraries] = meta("pm-charts").split(" ");
  const drawn = new Set();
  let ready = null;

  const fetchJson = async (url) => {
    const response = await fetch(url, { headers: { Accept: "application/json" } });
    if (!response.ok) throw new Error(`${url}: ${response.status}`);
    return response.json();
  };
  const loadScript = (src) => new Promise((resolve, reject) => {
    const script = document.createElement("script");
    Object.assign(script, { src, onload: resolve, onerror: () => reject(new Error(src)) });
    document.head.append(script);
  });
  /** Load the libraries in their order, once, and answer with the theme. */
  const libraryAndTheme = () => ready ??= (async () => {
    for (const src of libraries) await loadScript(src);
    const theme = await fetchJson(themeUrl);
    await document.fonts.ready; /* labels are measured: wait for the font */
    return theme;
  })();

  /** `element` says the language: a frozen report keeps its own on a page of another. */
  const options = (theme, config, element) => {
    const locale = theme.locale[element.closest("[lang]").lang];
    return {
      mode: "vega-lite", ast: true, actions: false, renderer: "svg", defaultStyle: false, config,
      tooltip: { disableDefaultStyle: true },
      ...(locale && { formatLocale: locale.number, timeFormatLocale: locale.time }),
    };
  };

  /** Concatenated views cannot follow their container: each gets the measured width. */
  function fitted(spec, width) {
    if (!spec.usermeta?.fitWidth) return spec;
    const copy = structuredClone(spec);
    for (const view of copy.vconcat) view.width = Math.max(160, width);
    return copy;
  }

  async function specOf(element) {
    if (!element.pmSpec) {
      element.pmSpec = element.dataset.chartUrl
        ? await fetchJson(element.dataset.chartUrl)
        : JSON.parse(document.querySelector(element.dataset.chart ?? element.dataset.chartOwn).textContent);
    }
    return element.pmSpec;
  }

  async function draw(element) {
    const theme = await libraryAndTheme();
    const spec = await specOf(element);
    element.pmView?.finalize();
    const config = theme[document.documentElement.dataset.bsTheme];
    element.pmView = await window.vegaEmbed(element, fitted(spec, element.clientWidth), options(theme, config, element));
    element.removeAttribute("aria-busy");
    drawn.add(element);
  }

  /** What one swap is drawing already the next waits for. */
  const drawOnce = (element) => element.pmDrawing ??= draw(element).finally(() => { element.pmDrawing = null; });

  async function drawAll(root) {
    const fresh = [...root.querySelectorAll(".chart[data-chart], .chart[data-chart-url]")].filter((element) => !element.pmView);
    try {
      await Promise.all(fresh.map(drawOnce));
    } catch (error) {
      console.error(error);
      window.pmToast(meta("pm-error-network"), "error");
    }
    document.documentElement.dataset.charts = "ready";
  }

  const titleOf = (box) => box.querySelector("[data-chart-title]").textContent.replace(/\s+/g, " ").trim();
  const STYLES = { h: "history", f: "forecast", p: "forecast", n: "naive", b80: "band80", b95: "band95", hatch: "hatch", ring: "ring", s0: "scenario", s1: "scenario", s2: "scenario" };
  const DASHES = { p: [1, 0], s1: [8, 3], s2: [8, 3, 2, 3] };
  /** What the keys above a chart say, as a legend in the drawing itself. */
  function withLegend(vega, box, styles) {
    const keys = [...box.querySelectorAll("[data-chart-figure] .legend > span")].map((span) => {
      const css = span.querySelector(".key > *").classList[0];
      const { color, strokeDash = [1, 0] } = styles[STYLES[css]];
      const shape = css === "ring" ? "circle" : /^b|hatch/.test(css) ? "square" : "stroke";
      return { label: span.textContent.trim(), shape, fill: shape === "square" ? color : "transparent", stroke: color, strokeDash: DASHES[css] ?? strokeDash };
    });
    if (!keys.length) return vega;
    const legend = { orient: "bottom", direction: "horizontal", offset: 12, symbolSize: 160, symbolStrokeWidth: 2, columnPadding: 18 };
    for (const channel of ["shape", "fill", "stroke", "strokeDash"]) {
      legend[channel] = `key-${channel}`;
      (vega.scales ??= []).push({ name: legend[channel], type: "ordinal", domain: keys.map((key) => key.label), range: keys.map((key) => key[channel]) });
    }
    (vega.legends ??= []).push(legend);
    return vega;
  }

  /** Draw the chart once more for a slide: light, on white, with its title and legend, at a fixed width. */
  async function slide(box) {
    const theme = await libraryAndTheme();
    const spec = structuredClone(await specOf(box.querySelector(".chart, [data-chart-own]")));
    if (spec.width === "container") spec.width = 860;
    const title = titleOf(box);
    const subtitle = box.querySelector("[data-chart-subtitle]")?.textContent.trim();
    spec.title = { text: title, anchor: "start", offset: 14, fontSize: 16, ...(subtitle && { subtitle, subtitleFontSize: 13 }) };
    spec.padding = 16;
    const holder = document.createElement("div");
    const config = { ...theme.light, background: "#ffffff" };
    const patch = (vega) => withLegend(vega, box, theme.light.style);
    return (await window.vegaEmbed(holder, fitted(spec, 860), { ...options(theme, config, box), renderer: "none", patch })).view;
  }

  /** As a file by the chart's title. */
  function save(blob, box, ending) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${titleOf(box).replace(/[\\/:*?"<>|\s]+/g, " ").trim()}.${ending}`;
    link.click();
    window.setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  const png = async (view) => new Promise((resolve) => { view.toCanvas(2).then((canvas) => canvas.toBlob(resolve, "image/png")); });
  const actions = {
    table(box, button) {
      const showTable = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(showTable));
      box.querySelector("[data-chart-figure]").hidden = showTable;
      box.querySelector("[data-chart-table]").hidden = !showTable;
    },
    async png(box) { save(await png(await slide(box)), box, "png"); },
    async svg(box) { save(new Blob([await (await slide(box)).toSVG()], { type: "image/svg+xml" }), box, "svg"); },
    async copy(box) {
      /* the promise goes in whole: the browser counts the click as its reason only while it is handled */
      await navigator.clipboard.write([new ClipboardItem({ "image/png": slide(box).then(png) })]);
      window.pmToast(meta("pm-copied"), "success");
    },
  };
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-chart-do]");
    if (!button) return;
    try {
      await actions[button.dataset.chartDo](button.closest("[data-chart-box]"), button);
    } catch (error) {
      console.error(error);
      window.pmToast(meta("pm-copy-failed"), "error");
    }
  });

  document.addEventListener("pm:theme", () => {
    for (const element of drawn) {
      if (element.isConnected) draw(element).catch(console.error);
      else { element.pmView?.finalize(); drawn.delete(element); }
    }
  });
  document.addEventListener("htmx:after:swap", () => drawAll(document));
  drawAll(document);
})();
