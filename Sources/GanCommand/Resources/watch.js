"use strict";
// The live page of runs: fills its slots and moves its charts from the JSON of #live-data, and from the server's events
// where there is one. WatchState.swift and WatchPage.swift describe the JSON. For tests, the root element says in
// data-updates how many events have been shown, and in data-connection whether the server is there: live, lost, or copy
// for a page that is a file.
(() => {
  const root = document.documentElement;
  const { slot, token, make } = localPage;
  let data = JSON.parse(slot("live-data").textContent);
  root.dataset.updates = 0;
  root.dataset.connection = data.isLive ? "live" : "copy";

  // Pairs of backquotes set code.
  const rich = text => text.split("`").map((part, i) => i % 2 ? make("code", {}, part) : part);
  const number = value => Math.round(value).toLocaleString("en").replaceAll(",", "\u202f");
  const short = value => !Number.isFinite(value) ? "–"
    : Math.abs(value) >= 100 ? number(value) : String(Number(value.toPrecision(3)));

  function time(seconds) {
    if (!Number.isFinite(seconds)) return "–";
    const s = Math.round(seconds), m = Math.floor(s / 60), h = Math.floor(m / 60);
    return h ? `${h} h ${m % 60} min` : m ? `${m} min ${s % 60} s` : `${s} s`;
  }

  // Shows something else only where it is something else: focus and selection stay where they are.
  const shown = {};
  function show(id, value, build) {
    const text = JSON.stringify(value);
    if (shown[id] === text) return;
    shown[id] = text;
    slot(id)?.replaceChildren(...[build(value)].flat());
  }

  // The runs

  const words = {
    training: "training", stopped: "stopped", over: "finished", broke: "broke off", waiting: "not begun",
    reading: "being read",
  };

  function runCard(run, index) {
    const share = run.steps ? Math.min(1, run.step / run.steps) : 0;
    const facts = [
      ["Step", run.steps ? `${number(run.step)} of ${number(run.steps)}` : number(run.step)],
      ["Speed", run.stepsPerSecond ? `${short(run.stepsPerSecond)} steps/s` : "–"],
      run.status === "training" ? ["Left", run.secondsLeft !== undefined ? time(run.secondsLeft) : "–"] : undefined,
      ["Trained for", run.seconds !== undefined ? time(run.seconds) : "–"],
      [`Real ${run.examples} seen`, number(run.seen)],
      run.processes ? ["Processes", number(run.processes)] : undefined,
    ].filter(Boolean);
    const many = data.state.runs.length > 1;
    return make("article", { class: "run", style: many ? `--role: var(--series-${index % 6})` : undefined },
      make("div", { class: "head" },
        make("p", { class: "name" },
          many ? make("i", { "aria-hidden": "true" }) : undefined, many ? run.name : run.recipe),
        make("span", { class: `chip ${run.status}` }, words[run.status])),
      make("div", {
        class: "progress", role: "progressbar", "aria-label": "Steps played", "aria-valuemin": 0, "aria-valuemax": 100,
        "aria-valuenow": Math.round(share * 100) },
        make("i", { style: `width: ${share * 100}%` })),
      make("dl", { class: "facts" }, facts.map(([term, text]) =>
        make("div", {}, make("dt", {}, term), make("dd", {}, text)))),
      run.note ? make("p", { class: "note" }, rich(run.note)) : undefined);
  }

  // Buttons stand beside the card, which comes and goes with every step.
  function actions(index) {
    const said = make("output", { class: "note" });
    const ask = (request, text) => async () => {
      try {
        const answer = await fetch(`/ask?run=${index}&request=${request}`,
          { method: "POST", headers: { "X-Gan-Token": token } });
        said.textContent = answer.ok ? text : await answer.text() || `Refused (${answer.status}).`;
      } catch {
        said.textContent = "The server does not answer.";
      }
    };
    return make("div", { class: "actions" },
      make("button", { type: "button", onclick: ask("checkpoint", "A checkpoint is saved after this step.") },
        "Checkpoint now"),
      make("button", { type: "button", onclick: ask("stop", "The run stops after this step, with a checkpoint.") },
        "Stop after this step"), said);
  }

  function showRuns() {
    const runs = data.state.runs;
    if (!slot("run-0")) slot("live-runs").replaceChildren(...runs.map((_, i) =>
      make("div", {}, make("div", { id: `run-${i}` }), actions(i))));
    runs.forEach((run, i) => {
      const { pictures, signs, tooFew, verdict, scores, ...card } = run;
      show(`run-${i}`, card, () => runCard(run, i));
      slot(`run-${i}`).nextSibling.hidden = !data.isLive || !token || run.status !== "training";
    });
  }

  // Pictures

  // The newest picture up to a step, of those that this page has.
  function pictureAt(index, step) {
    const own = data.isLive ? data.state.runs[index].pictures
      : data.state.runs[index].pictures.filter(p => data.embedded[index][p.step]);
    let found;
    for (const picture of own) if (picture.step <= step) found = picture;
    return found ?? own[0];
  }

  const address = (index, name, version) =>
    data.isLive ? `/picture?run=${index}&step=${name}&v=${version}` : data.embedded[index][name];

  // Shows a picture once it is there; the one before stays until then, and one that comes too late is not shown.
  function load(image, source, alternative) {
    if (image.dataset.source === source) return;
    image.dataset.source = source;
    const next = new Image();
    next.src = source;
    next.decode().then(() => {
      if (image.dataset.source !== source) return;
      image.src = source;
      image.alt = alternative;
      image.hidden = false;
    }, () => { if (image.dataset.source === source) delete image.dataset.source; });
  }

  // The nearest training picture of the sample that somebody points at, by mouse, finger or arrow keys. All of a grid
  // are asked for together, when the first is.
  function looker(index) {
    const figure = slot(`made-${index}`), grid = figure.querySelector(".grid"), image = grid.querySelector("img");
    if (!data.isLive || !token || !data.state.runs[index].hasNeighbours) return { follow() {} };
    const frame = make("i", { class: "cell", hidden: true, "aria-hidden": "true" });
    const hint = make("p", { class: "note" },
      "Point at a sample to see the training picture that is nearest to it. Arrow keys work, too.");
    const canvases = ["Sample", "Nearest"].map(name => make("canvas", { role: "img", "aria-label": name }));
    const text = make("p", { "aria-live": "polite" });
    const pair = make("div", { class: "nearest", hidden: true }, canvases, text);
    grid.append(frame);
    grid.tabIndex = 0;
    grid.setAttribute("role", "group");
    grid.setAttribute("aria-label", "Samples; arrow keys pick one");
    figure.append(hint, pair);
    let picture, asked, point, chosen;

    async function look() {
      const key = `${picture.step}-${picture.version}`;
      if (asked?.key !== key) {
        hint.textContent = "Looking for the nearest training pictures …";
        hint.hidden = false;
        pair.hidden = true;
        const own = asked = { key };
        try {
          const answer = await fetch(`/nearest?run=${index}&step=${picture.step}&v=${picture.version}`,
            { headers: { "X-Gan-Token": token } });
          if (!answer.ok) throw new Error(await answer.text() || `Refused (${answer.status}).`);
          own.found = await answer.json();
        } catch (error) {
          own.failure = error instanceof TypeError ? "The server does not answer."
            : `No nearest training pictures: ${error.message}`;
        }
      }
      if (asked.key !== key) return;
      if (asked.failure) hint.textContent = asked.failure;
      if (asked.found) await showSample(asked.found);
    }

    async function showSample(found) {
      const { columns, rows, padding, stepX, stepY } = found;
      if (point) {
        const box = image.getBoundingClientRect(), of = (value, size, natural, step, count) =>
          Math.max(0, Math.min(count - 1, Math.floor((value / size * natural - padding / 2) / step)));
        chosen = of(point.y - box.top, box.height, image.naturalHeight, stepY, rows) * columns
          + of(point.x - box.left, box.width, image.naturalWidth, stepX, columns);
        point = undefined;
      }
      if (chosen === undefined) return;
      const [left, top] = [padding + chosen % columns * stepX, padding + Math.floor(chosen / columns) * stepY];
      const [width, height] = [stepX - padding, stepY - padding], share = (value, all) => `${100 * value / all}%`;
      frame.style.cssText = `left: ${share(left, image.naturalWidth)}; top: ${share(top, image.naturalHeight)}; `
        + `width: ${share(width, image.naturalWidth)}; height: ${share(height, image.naturalHeight)}`;
      frame.hidden = false;
      const one = found.neighbours[chosen], bytes = Uint8Array.from(atob(one.png), c => c.charCodeAt(0));
      const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
      for (const [canvas, source, ...place] of [
        [canvases[0], image, left, top, width, height], [canvases[1], bitmap, 0, 0, bitmap.width, bitmap.height]]) {
        [canvas.width, canvas.height] = [width, height];
        const context = canvas.getContext("2d");
        context.imageSmoothingEnabled = false;
        context.drawImage(source, ...place, 0, 0, width, height);
      }
      text.textContent = `Sample ${chosen + 1}, and the nearest of ${number(found.count)} training pictures, `
        + `number ${number(one.index)}: they differ by ${one.distance.toFixed(1)} of 255 (root mean square).`;
      pair.hidden = false;
      hint.hidden = true;
      figure.dataset.looked = `${asked.key}-${chosen}`;
    }

    for (const event of ["pointermove", "click"])
      grid.addEventListener(event, ({ clientX, clientY }) => { point = { x: clientX, y: clientY }; look(); });
    grid.addEventListener("keydown", event => {
      const columns = asked?.found?.columns ?? 1, count = asked?.found?.neighbours.length ?? 1;
      const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
      if (!by) return;
      event.preventDefault();
      const next = chosen === undefined ? 0 : chosen + by;
      if (next >= 0 && next < count) chosen = next;
      look();
    });
    return {
      // Another picture has other samples.
      follow(next) {
        if (picture?.step === next.step && picture.version === next.version) return;
        picture = next;
        if (asked && !asked.failure)
          hint.textContent = "Point at a sample to see the training picture that is nearest to it. "
            + "Arrow keys work, too.";
        frame.hidden = pair.hidden = true;
        hint.hidden = false;
      },
    };
  }

  function showPictures(step) {
    const runs = data.state.runs;
    const withPictures = runs.flatMap((run, i) => run.pictures.length ? [i] : []);
    section("live-pictures", withPictures.length > 0);
    // Once for all runs of the same data.
    const reals = withPictures.filter((i, place) => runs[i].real
      && !withPictures.slice(0, place).some(other => runs[other].real && runs[other].data === runs[i].data));
    show("live-pictures", [withPictures, reals], () => make("div", { class: "pair" },
      [...withPictures.map(i => [`made-${i}`, i]), ...reals.map(i => [`real-${i}`, i])].map(([id]) =>
        make("figure", { class: "picture", id },
          make("div", { class: "grid" }, make("img", { hidden: true })), make("figcaption")))));
    for (const i of withPictures) slot(`made-${i}`).looker ??= looker(i);
    for (const i of withPictures) {
      const picture = pictureAt(i, step);
      if (!picture) continue;
      const figure = slot(`made-${i}`);
      const text = `${runs.length > 1 ? `${runs[i].name}: generated` : "Generated"} after step ${number(picture.step)}`;
      load(figure.querySelector("img"), address(i, picture.step, picture.version), text);
      figure.looker.follow(picture);
      figure.querySelector("figcaption").textContent = text;
    }
    for (const i of reals) {
      const figure = slot(`real-${i}`);
      const text = `${reals.length > 1 ? `${runs[i].name}: real` : "Real"}, as the networks see them`;
      load(figure.querySelector("img"), address(i, "real", runs[i].real),
        reals.length > 1 ? `${runs[i].name}: real pictures` : "Real pictures");
      figure.querySelector("figcaption").textContent = text;
    }
  }

  // How it goes

  function health(run, index) {
    const many = data.state.runs.length > 1;
    const since = step => step !== undefined ? make("small", {}, ` since step ${number(step)}`) : undefined;
    const what = advice => advice.length
      ? make("details", { open: !many }, make("summary", {}, "What to try"),
        make("ul", {}, advice.map(text => make("li", {}, rich(text))))) : undefined;
    const signs = run.signs.map(sign =>
      make("div", { class: "sign" }, make("p", {}, sign.text, since(sign.since)), what(sign.advice)));
    // Single batches do not show everything that is wrong.
    if (!signs.length && run.tooFew) signs.push(make("p", { class: "early" },
      "Too early to tell by the measurements: there "
        + `${run.tooFew.measurements === 1 ? "is one" : `are ${number(run.tooFew.measurements)}`}, `
        + `and a sign of trouble takes ${number(run.tooFew.needed)}.`));
    else if (!signs.length && run.status !== "reading" && run.step > 0 && run.verdict?.verdict !== "ill")
      signs.push(make("div", { class: "sign good" }, make("p", {}, "No sign of trouble in the measurements.")));
    const findings = (run.verdict?.findings ?? []).map(finding =>
      make("div", { class: "sign" }, make("p", {}, finding.evidence, since(finding.since)), what(finding.advice)));
    const verdict = run.verdict
      ? [make("p", {}, make("b", {}, `The doctor, at step ${number(run.verdict.step)}: ${run.verdict.verdict}. `),
        "It looks at fresh samples."), ...findings]
      : [make("p", { class: "note" },
        ...rich(`A verdict takes fresh samples: \`gan doctor ${run.name}\` gives one, and it appears here.`))];
    const scores = run.scores && [
      make("dl", { class: "facts scores" }, run.scores.scores.map(one => make("div", {}, make("dt", {}, one.title),
        make("dd", {}, short(Number(one.value)), one.interval
          ? make("small", {}, ` ${one.interval.map(end => short(Number(end))).join(" to ")}`) : undefined)))),
      make("p", { class: "note" },
        `What gan score found: ${run.scores.generated}${run.scores.real ? `; against ${run.scores.real}` : ""}. `
          + "Beside a score the middle 95 % of a bootstrap.")];
    return make("div", { class: "health" },
      many ? make("p", { class: "name", style: `--role: var(--series-${index % 6})` },
        make("i", { "aria-hidden": "true" }), run.name) : undefined,
      signs, verdict, scores);
  }

  function showHealth() {
    show("live-health", data.state.runs.map(({ signs, tooFew, verdict, scores, name, status, step }) =>
      [signs, tooFew, verdict, scores, name, status === "reading", step > 0]), () => data.state.runs.map(health));
  }

  function showDifferences() {
    if (!slot("live-differences")) return;
    show("live-differences", data.state.differences, differences => differences.length
      ? make("figure", { class: "table" },
        make("div", { class: "scroll", role: "region", "aria-label": "What differs", tabindex: 0 }, make("table", {},
          make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Key"),
            data.state.runs.map(run => make("th", { scope: "col" }, run.name)))),
          make("tbody", {}, differences.map(one => make("tr", {},
            make("th", { scope: "row" }, make("code", {}, one.key)),
            one.values.map(value => make("td", {}, value))))))))
      : make("p", {}, "The recipes are the same, but for their names."));
  }

  // A section of the page and its line in the contents, there only if there is something in it.
  function section(id, isThere) {
    const element = slot(id)?.closest("section");
    if (!element) return;
    element.hidden = !isThere;
    const link = document.querySelector(`nav a[href="#${CSS.escape(element.id)}"]`);
    if (link) link.parentElement.hidden = !isThere;
  }

  // Charts

  const plots = [...document.querySelectorAll(".plot")];

  function showCharts() {
    report.replace(data.charts);
    for (const plot of plots) {
      const chart = data.charts.charts[plot.dataset.chart];
      plot.closest(".row > div").hidden = !chart.traces.some(trace => data.charts.arrays[trace[1]].length);
    }
    for (const row of document.querySelectorAll("section > .row")) {
      const element = row.closest("section");
      element.hidden = [...row.children].every(child => child.hidden);
      const link = document.querySelector(`nav a[href="#${CSS.escape(element.id)}"]`);
      if (link) link.parentElement.hidden = element.hidden;
    }
  }

  // What each line is at a step, beside its name in the chart's key.
  function showValues(step) {
    for (const plot of plots) {
      const chart = data.charts.charts[plot.dataset.chart];
      for (const [style, x, y] of chart.traces) {
        if (data.charts.styles[style].kind !== "line") continue;
        const button = plot.closest("figure")
          .querySelector(`.key button[data-name="${CSS.escape(data.charts.styles[style].name)}"]`);
        if (!button) continue;
        const value = button.querySelector("b") ?? button.appendChild(make("b"));
        const steps = data.charts.arrays[x], index = before(steps, step);
        value.textContent = steps.length && index >= 0 ? short(data.charts.arrays[y][index] ?? NaN) : "";
      }
    }
  }

  // The last of ascending numbers that is not above a value; -1 if there is none.
  function before(numbers, value) {
    let low = 0, high = numbers.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (numbers[middle] <= value) low = middle + 1; else high = middle;
    }
    return low - 1;
  }

  // The slider

  const slider = make("input",
    { type: "range", min: 0, max: 0, value: 0, "aria-label": "Moment of the run", autocomplete: "off" });
  const label = make("output");
  const connection = make("span", { class: "connection", role: "status" });
  const play = make("button", { type: "button", class: "play", "aria-label": "Play" });
  slot("live-bar").append(make("div", { class: "player" }, play, slider, label, connection));
  slot("live-bar").setAttribute("role", "region");
  slot("live-bar").setAttribute("aria-label", "Moment of the run");

  let moments = [], follows = true, timer;

  // The steps that have pictures, and the newest; without any, steps that were measured.
  function findMoments() {
    const runs = data.state.runs, steps = new Set();
    for (const [i, run] of runs.entries())
      for (const picture of run.pictures) if (data.isLive || data.embedded[i][picture.step]) steps.add(picture.step);
    if (steps.size < 2) {
      const arrays = data.charts.charts.flatMap(chart => chart.traces.map(trace => data.charts.arrays[trace[1]]))
        .filter(array => array.length > 2);
      const longest = arrays.reduce((a, b) => b.length > a.length ? b : a, []);
      const stride = Math.max(1, Math.ceil(longest.length / 400));
      longest.forEach((step, i) => { if (i % stride === 0) steps.add(step); });
    }
    steps.add(Math.max(0, ...runs.map(run => run.step)));
    return [...steps].sort((a, b) => a - b);
  }

  function showMoment() {
    const index = Number(slider.value), step = moments[index];
    slider.style.setProperty("--played", moments.length > 1 ? index / (moments.length - 1) : 1);
    label.textContent = `step ${number(step)}`;
    slider.setAttribute("aria-valuetext", label.textContent);
    // In charts that end there the mark would be but another edge.
    report.mark(follows ? undefined : step);
    showPictures(step);
    showValues(step);
  }

  function move(index) {
    slider.value = Math.max(0, Math.min(moments.length - 1, index));
    follows = Number(slider.value) === moments.length - 1;
    showMoment();
  }

  function pause() {
    clearTimeout(timer);
    timer = undefined;
    play.setAttribute("aria-label", "Play");
  }

  // The whole run takes about eight seconds.
  function start() {
    const pace = Math.min(500, Math.max(40, 8000 / moments.length));
    if (Number(slider.value) >= moments.length - 1) move(0);
    const next = () => {
      if (Number(slider.value) >= moments.length - 1) return pause();
      move(Number(slider.value) + 1);
      timer = setTimeout(next, pace);
    };
    timer = setTimeout(next, pace);
    play.setAttribute("aria-label", "Pause");
  }

  slider.addEventListener("input", () => { pause(); move(Number(slider.value)); });
  play.addEventListener("click", () => timer ? pause() : start());
  addEventListener("keydown", event => {
    if (event.target !== document.body || event.ctrlKey || event.metaKey || event.altKey) return;
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by) { pause(); move(Number(slider.value) + by); event.preventDefault(); }
  });

  function showSlider() {
    const step = moments[Number(slider.value)];
    moments = findMoments();
    slider.max = moments.length - 1;
    slider.value = follows ? moments.length - 1 : Math.max(0, before(moments, step));
    slot("live-bar").hidden = moments.length < 2;
  }

  // All of it

  function showAll() {
    showRuns();
    showHealth();
    showDifferences();
    showCharts();
    showSlider();
    showMoment();
    const one = data.state.runs[0];
    document.title = data.state.runs.length > 1 ? `${data.state.runs.length} runs`
      : `${one.steps && one.status === "training" ? `${Math.floor(100 * one.step / one.steps)} % ` : ""}${one.name}`;
  }

  function connected(state, text) {
    root.dataset.connection = state;
    connection.className = `connection ${state}`;
    connection.textContent = text;
  }

  function listen() {
    const events = new EventSource("/events");
    events.onopen = () => connected("live", "live");
    // The browser tries again by itself, unless it was refused.
    events.onerror = () => connected("lost", "not connected");
    events.onmessage = event => {
      const news = JSON.parse(event.data);
      if (news.layout !== data.layout) return location.reload();
      data = news;
      showAll();
      root.dataset.updates = Number(root.dataset.updates) + 1;
    };
    addEventListener("pagehide", () => events.close());
  }

  addEventListener("DOMContentLoaded", () => {
    if (data.isLive) connected("live", "live"); else connected("copy", "a copy");
    showAll();
    if (data.isLive) listen();
  });
})();
