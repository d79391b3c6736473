"use strict";
// Draws the page's charts with Plotly and runs the controls of its animations. The numbers are in the JSON of
// #chart-data, whose form ChartData.swift describes. For tests, the root element counts in data-charts the charts that
// are drawn and in data-errors the script errors, and data-overflow is by how much the page is wider than the window.
(() => {
  const root = document.documentElement;
  root.dataset.charts = root.dataset.errors = 0;
  const count = name => root.dataset[name] = Number(root.dataset[name]) + 1;
  for (const event of ["error", "unhandledrejection", "securitypolicyviolation"])
    addEventListener(event, () => count("errors"));

  const dark = matchMedia("(prefers-color-scheme: dark)");
  const narrow = matchMedia("(max-width: 640px)");
  const finePointer = matchMedia("(pointer: fine)");
  const color = name => getComputedStyle(root).getPropertyValue("--" + name).trim();
  const faded = (name, opacity) => color(name) + Math.round(opacity * 255).toString(16).padStart(2, "0");

  let data;
  const charts = [];
  let mark;

  // For the script of a page that changes while it is open.
  globalThis.report = {
    // Draws the charts anew from other data of the same form.
    replace(newData) {
      data = newData;
      for (const chart of charts) chart.replace(data.charts[chart.plot.dataset.chart]);
    },
    // A line at x in all charts; none if undefined.
    mark(x) {
      mark = x;
      for (const chart of charts) chart.drawMark();
    },
  };

  // How each kind of trace looks, as Plotly has it. x and y are the numbers as they came.
  const kinds = {
    // One number makes no line.
    line: (style, x, y) => ({
      x, y, ...(x.length === 1 ? { mode: "lines+markers", marker: { size: 7 }, cliponaxis: false } : {}),
    }),
    area: (style, x, y) => ({ x, y, fill: "tozeroy", fillcolor: faded(style.role, 0.16) }),
    // A silhouette: up at the first edge, level over each bin, down at the last.
    histogram: (style, x, y) => ({
      x: [x[0], ...x], y: [0, ...y, 0], line: { shape: "hv", width: 1, color: color(style.role) },
      fill: "tozeroy", fillcolor: faded(style.role, 0.38),
    }),
    bars: (style, x, y) => ({ type: "bar", x, y, marker: { color: faded(style.role, 0.75) } }),
    points: (style, x, y) => ({
      x, y, mode: "markers",
      marker: { color: color(style.role), size: style.faint ? 3 : 6, opacity: style.faint ? 0.4 : 0.8 },
    }),
    band: (style, x, y, lower) => {
      const kept = x.flatMap((_, i) => Number.isFinite(y[i]) && Number.isFinite(lower[i]) ? [i] : []);
      const back = kept.slice().reverse();
      return {
        x: [...kept, ...back].map(i => x[i]), y: [...kept.map(i => y[i]), ...back.map(i => lower[i])],
        fill: "toself", fillcolor: faded(style.role, 0.18), line: { width: 0 }, hoverinfo: "skip",
      };
    },
  };

  function plotlyTrace([styleIndex, ...arrays], hidden) {
    const style = data.styles[styleIndex];
    return {
      mode: "lines", name: plain(style.name), hoverlabel: { namelength: -1 },
      line: {
        color: style.faint ? faded(style.role, 0.3) : color(style.role),
        width: style.faint ? 1 : style.kind === "area" ? 1.5 : 2.25,
        dash: { dashed: "8px,5px", dotted: "2px,4px" }[style.stroke], simplify: false,
      },
      hovertemplate: "%{y:.4~g}", ...(style.faint ? { hoverinfo: "skip", hovertemplate: undefined } : {}),
      yaxis: style.second ? "y2" : "y", visible: !hidden.has(style.name),
      ...kinds[style.kind](style, ...arrays.map(i => data.arrays[i])),
    };
  }

  function plotlyAxis(axis, canZoom, isSmall, isNeverNegative) {
    const range = axis.log ? axis.range?.map(Math.log10) : axis.range;
    return {
      type: axis.log ? "log" : "linear", range: range?.every(Number.isFinite) ? range.slice() : undefined,
      rangemode: isNeverNegative ? "nonnegative" : "normal",
      fixedrange: !canZoom, automargin: true, zeroline: false, gridcolor: color("grid"), tickmode: "auto",
      ticks: "outside", ticklen: 5, tickcolor: "transparent",
      nticks: narrow.matches || isSmall ? 5 : 7, ...(axis.log ? { tickformat: "~g" } : { separatethousands: true }),
      exponentformat: "power", minexponent: 6,
    };
  }

  // Bars are few and each has its own place.
  function ticksOfBars(chart) {
    const bars = chart.traces.find(([style]) => data.styles[style].kind === "bars");
    return bars && data.arrays[bars[1]].length <= 20 ? { tickmode: "array", tickvals: data.arrays[bars[1]] } : {};
  }

  // Whether lines on one of the two scales stay at 0 or above: the scale then shows nothing below. Points at 0 need the
  // room.
  function isNeverNegative(chart, isSecond) {
    return chart.traces.filter(([style]) => Boolean(data.styles[style].second) === isSecond)
      .every(([style, , ...heights]) =>
        data.styles[style].kind !== "points" && heights.every(i => data.arrays[i].every(v => !(v < 0))));
  }

  // Left alone, a logarithmic axis of less than two decades gets a label at every digit.
  function ticksOfLog(chart) {
    if (!chart.y.log) return {};
    const values = chart.traces.filter(([style]) => !data.styles[style].second)
      .flatMap(([, , ...heights]) => heights.flatMap(i => data.arrays[i])).filter(v => v > 0 && Number.isFinite(v));
    const [low, high] = chart.y.range
      ?? [values.reduce((a, b) => Math.min(a, b), Infinity), values.reduce((a, b) => Math.max(a, b), 0)];
    const decades = Math.log10(high / low);
    if (!(decades < 2)) return {};
    const digits = decades < 0.5 ? [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8] : [1, 2, 5];
    const first = Math.floor(Math.log10(low)), last = Math.ceil(Math.log10(high));
    const places = Array.from({ length: last - first + 1 }, (_, i) => digits.map(d => d * 10 ** (first + i))).flat();
    return { tickmode: "array", tickvals: places };
  }

  function plotlyLayout(chart, width) {
    const isSmall = width < 420;
    const canZoom = finePointer.matches && !chart.variants;
    return {
      font: { family: getComputedStyle(root).fontFamily, size: narrow.matches ? 12 : 13, color: color("muted") },
      separators: ".\u202f",
      uirevision: true, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false,
      autosize: true, bargap: 0.1,
      margin: { l: 8, r: 14, t: 10, b: 8 }, dragmode: canZoom ? "zoom" : false, hovermode: "x unified",
      hoverlabel: { bgcolor: color("surface"), bordercolor: color("axis"), font: { color: color("ink") } },
      xaxis: {
        ...plotlyAxis(chart.x, canZoom, isSmall), tickangle: 0, showgrid: false, showline: true,
        linecolor: color("axis"), tickcolor: color("axis"), hoverformat: ",.6~g", ...ticksOfBars(chart),
      },
      yaxis: { ...plotlyAxis(chart.y, canZoom, false, isNeverNegative(chart, false)), ...ticksOfLog(chart) },
      ...(chart.y2 && {
        yaxis2: {
          ...plotlyAxis(chart.y2, canZoom, false, isNeverNegative(chart, true)),
          overlaying: "y", side: "right", showgrid: false,
        },
      }),
    };
  }

  // Plotly reads some tags in names.
  const plain = text => text.replace(/[&<>]/g, c => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[c]);

  // A chart on the page: what is shown of it, and how to draw that.
  class Chart {
    constructor(plot) {
      this.plot = plot;
      this.figure = plot.closest("figure");
      this.data = data.charts[plot.dataset.chart];
      this.hidden = new Set();
      this.variant = 0;
      this.frame = Infinity;
      this.isVisible = true;
      for (const button of this.figure.querySelectorAll(".key button")) button.onclick = () => this.toggle(button);
    }

    replace(chart) {
      this.data = chart;
      this.layout = undefined;
      this.update();
    }

    // Over the drawing rather than in it: it moves with a slider, and a chart takes its time.
    drawMark() {
      const axis = this.plot._fullLayout?.xaxis, size = this.plot._fullLayout?._size;
      const place = axis && mark !== undefined ? axis.d2p(mark) : NaN;
      const shown = place >= -0.5 && place <= axis?._length + 0.5;
      if (!shown && !this.line) return;
      this.line ??= this.plot.appendChild(Object.assign(document.createElement("div"), { className: "mark" }));
      this.line.hidden = !shown;
      if (shown) this.line.style.cssText = `left:${size.l + place}px;top:${size.t}px;height:${size.h}px`;
    }

    get frames() { return this.data.variants?.[this.variant] ?? []; }
    get moment() { return this.frames[Math.min(this.frame, this.frames.length - 1)]; }

    draw() {
      this.isStale = false;
      const traces = [...this.data.traces, ...(this.moment?.traces ?? [])].map(t => plotlyTrace(t, this.hidden));
      const drawn = Plotly.react(this.plot, traces, this.layout ??= plotlyLayout(this.data, this.plot.clientWidth),
        { displayModeBar: false, responsive: true });
      if (!this.isWatched) this.plot.on("plotly_afterplot", () => this.drawMark());
      this.isWatched = true;
      return drawn;
    }

    // Draws now, or when the reader comes to it.
    update() {
      this.isStale = true;
      if (this.isVisible) this.draw();
    }

    restyle() {
      this.layout = undefined;
      this.draw();
    }

    toggle(button) {
      const name = button.dataset.name;
      const shown = this.hidden.has(name);
      shown ? this.hidden.delete(name) : this.hidden.add(name);
      button.setAttribute("aria-pressed", shown);
      this.update();
    }
  }

  // A chart with frames and its controls. Animations of one link follow each other.
  class Animation extends Chart {
    constructor(plot) {
      super(plot);
      this.button = this.figure.querySelector(".play");
      this.slider = this.figure.querySelector("input[type=range]");
      this.output = this.figure.querySelector("output");
      this.choices = [...this.figure.querySelectorAll("input[type=radio]")];
      this.slider?.addEventListener("input", () => {
        this.pause();
        this.show(this.variant, Number(this.slider.value));
      });
      this.button?.addEventListener("click", () => this.timer ? this.pause() : this.play());
      this.choices.forEach((choice, i) => choice.addEventListener("change", () => this.show(i, this.frame)));
    }

    show(variant, frame) {
      const link = this.data.link;
      for (const chart of charts)
        if (chart === this || link !== undefined && chart.data.link === link) chart.set(variant, frame);
    }

    set(variant, frame) {
      if (!this.data.variants[variant]) return;
      this.variant = variant;
      this.frame = frame;
      this.choices.forEach((choice, i) => choice.checked = i === variant);
      if (this.slider) {
        const last = Math.max(0, this.frames.length - 1);
        this.slider.max = last;
        this.slider.value = Math.min(frame, last);
        this.slider.style.setProperty("--played", last ? Math.min(frame, last) / last : 1);
        this.slider.setAttribute("aria-valuetext", this.output.textContent = this.moment?.label ?? "");
      }
      this.update();
    }

    // From the shown frame, or from the first if that is the last; the whole run takes about eight seconds.
    play() {
      const last = this.frames.length - 1;
      const pace = Math.min(400, Math.max(60, 8000 / (last + 1)));
      const step = () => {
        if (this.frame >= last) return this.pause();
        this.show(this.variant, this.frame + 1);
        this.timer = setTimeout(step, pace);
      };
      for (const chart of charts) chart.pause?.();
      if (this.frame >= last) this.show(this.variant, 0);
      this.timer = setTimeout(step, pace);
      this.button.setAttribute("aria-label", "Pause");
    }

    pause() {
      clearTimeout(this.timer);
      this.timer = undefined;
      this.button?.setAttribute("aria-label", "Play");
    }
  }

  function restyleAll() {
    for (const chart of charts) chart.restyle();
  }

  // Marks in the contents the section that is being read.
  function followReading() {
    const links = [...document.querySelectorAll("nav a")];
    const sections = links.map(link => document.getElementById(decodeURIComponent(link.hash.slice(1))));
    const mark = () => {
      const below = sections.findIndex(section => section.getBoundingClientRect().top > innerHeight / 3);
      const current = (below < 0 ? sections.length : below) - 1;
      links.forEach((link, i) =>
        i === current ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current"));
    };
    addEventListener("scroll", mark, { passive: true });
    mark();
  }

  async function start() {
    data = JSON.parse(document.getElementById("chart-data").textContent);
    followReading();
    const plots = [...document.querySelectorAll(".plot")];
    const watcher = new IntersectionObserver(entries => {
      for (const { target, isIntersecting } of entries) {
        const chart = charts.find(chart => chart.plot === target);
        chart.isVisible = isIntersecting;
        if (isIntersecting && chart.isStale) chart.draw();
      }
    }, { rootMargin: "300px" });
    for (const plot of plots) {
      try {
        plot.replaceChildren();
        const chart = data.charts[plot.dataset.chart].variants ? new Animation(plot) : new Chart(plot);
        charts.push(chart);
        chart.set?.(0, chart.frames.length - 1);
        await chart.draw();
        watcher.observe(plot);
        count("charts");
      } catch (error) {
        plot.textContent = "This chart could not be drawn: " + error.message;
        count("errors");
      }
      // Lets the page be read and scrolled while the rest is drawn.
      await new Promise(resolve => setTimeout(resolve));
    }
    root.dataset.overflow = root.scrollWidth - root.clientWidth;
    dark.addEventListener("change", restyleAll);
    narrow.addEventListener("change", restyleAll);
    // On paper, in light colours and at the width of a page.
    addEventListener("beforeprint", () => { root.classList.add("printing"); restyleAll(); });
    addEventListener("afterprint", () => { root.classList.remove("printing"); restyleAll(); });
  }

  addEventListener("DOMContentLoaded", start);
})();
