"use strict";
// The page of gan explore: samples to pick from, one picture, and what moves it. ExplorePage.swift describes the JSON
// of #live-data, ExploreRequest.swift what the server is asked. For tests, the root element counts script errors in
// data-errors and pictures that have been shown in data-drawn, and data-overflow is by how much the page is wider than
// the window.
(() => {
  const root = document.documentElement;
  root.dataset.errors = root.dataset.drawn = 0;
  for (const event of ["error", "unhandledrejection", "securitypolicyviolation"])
    addEventListener(event, () => root.dataset.errors = Number(root.dataset.errors) + 1);
  const { slot, token, make } = localPage;
  const data = JSON.parse(slot("live-data").textContent);
  const perPage = 12;

  // What is shown: the sample of a seed, on its way to another by so many hundredths, moved along each direction by
  // hundredths of a standard deviation.
  const state = { seed: 1, to: 2, share: 0, label: 0, moves: data.shares.map(() => 0), first: 1, end: "seed" };

  // Asking for pictures, one at a time: what is shown large before samples to pick from, and only the newest of it.

  const waiting = new Map();
  let isAsking = false;

  async function draw(query) {
    const answer = await fetch(`/picture?${query}`, { headers: { "X-Gan-Token": token ?? "" } });
    if (!answer.ok) throw new Error(await answer.text() || `The server refuses (${answer.status}).`);
    return URL.createObjectURL(await answer.blob());
  }

  function ask(image, query, alternative) {
    if (image.dataset.query === query) return;
    image.dataset.query = query;
    waiting.set(image, { query, alternative });
    next();
  }

  async function next() {
    if (isAsking || !waiting.size) return;
    isAsking = true;
    const image = waiting.has(picture) ? picture : waiting.keys().next().value;
    const { query, alternative } = waiting.get(image);
    waiting.delete(image);
    try {
      const source = await draw(query);
      const before = image.src;
      image.src = source;
      image.alt = alternative;
      image.hidden = false;
      await image.decode().catch(() => {});
      if (before.startsWith("blob:")) URL.revokeObjectURL(before);
      image.dataset.shown = query;
      root.dataset.drawn = Number(root.dataset.drawn) + 1;
      said.textContent = "";
    } catch (error) {
      if (image.dataset.query === query) delete image.dataset.query;
      said.textContent = error instanceof TypeError ? "The server does not answer." : error.message;
    }
    isAsking = false;
    next();
  }

  const ofClass = () => data.classes ? `&class=${state.label}` : "";
  const className = () => data.classes ? `, class ${data.classes[state.label]}` : "";

  // The picture

  const [channels, height, width] = data.shape;
  const picture = make("img", { hidden: true, id: "picture", width, height });
  const caption = make("figcaption");
  const command = make("code");
  const said = make("output", { class: "said", role: "status" });

  // A slider with its name before it and its value behind. Two clicks set it back.
  function slider(name, attributes, text, change) {
    const input = make("input", { type: "range", autocomplete: "off", "aria-label": name, ...attributes });
    const output = make("output");
    const show = () => {
      output.textContent = text(Number(input.value));
      input.setAttribute("aria-valuetext", output.textContent);
    };
    input.addEventListener("input", () => { show(); change(Number(input.value)); });
    const set = value => { input.value = value; show(); };
    input.addEventListener("dblclick", () => { set(0); change(0); });
    show();
    return { input, output, set };
  }

  const way = slider("From the first sample to the second", { min: 0, max: 100, step: 1, value: 0, id: "share" },
    share => `${share} %`, share => { state.share = share; show(); });
  const wayName = make("span");

  const classes = data.classes?.map((name, label) => make("label", {},
    make("input", {
      type: "radio", name: "class", value: label, checked: label === 0,
      onchange: () => { state.label = label; showAll(); } }),
    make("span", {}, name)));

  slot("explore-picture").append(...[
    make("figure", { class: "picture" }, make("div", { class: "frame" }, picture), caption),
    make("div", { class: "way" }, wayName, way.input, way.output),
    classes
      ? make("fieldset", { class: "variants" }, make("legend", {}, "Class"), make("div", {}, classes)) : undefined,
    make("p", { class: "note" }, said, " ", command)].filter(Boolean));

  // Samples to pick from

  const samples = Array.from({ length: perPage }, () => {
    const image = make("img", { hidden: true, width, height });
    const name = make("span");
    const button = make("button", {
      type: "button", "aria-pressed": "false", onclick: () => pick(Number(button.dataset.seed)) }, image, name);
    return { button, image, name };
  });
  const ends = [["seed", "First"], ["to", "Second"]].map(([end, text]) => make("label", {},
    make("input", {
      type: "radio", name: "end", value: end, checked: end === "seed", onchange: () => { state.end = end; } }),
    make("span", {}, text)));
  const seed = make("input", {
    type: "number", min: 0, max: data.seedLimit, step: 1, value: 1, "aria-label": "Seed", id: "seed", onchange: () => {
      if (seed.validity.valid && seed.value !== "") pick(Number(seed.value));
    } });
  function page(by) {
    state.first = Math.min(data.seedLimit - perPage + 1, Math.max(0, state.first + by * perPage));
    showAll();
  }
  slot("explore-samples").append(
    make("div", { class: "pickers" },
      make("fieldset", { class: "variants" }, make("legend", {}, "Pick as"), make("div", {}, ends)),
      make("label", { class: "seed" }, "Seed ", seed),
      make("button", { type: "button", onclick: () => page(-1) }, "Earlier"),
      make("button", { type: "button", id: "later", onclick: () => page(1) }, "Later")),
    make("div", { class: "samples", role: "group", "aria-label": "Samples" }, samples.map(sample => sample.button)));

  function pick(number) {
    state[state.end] = number;
    // Whoever picks a second sample wants to see something of it.
    if (state.end === "to" && state.share === 0) way.set(state.share = 100);
    if (state.end === "seed") way.set(state.share = 0);
    showAll();
  }

  // Directions

  const sliders = data.shares.map((share, i) => slider(`Direction ${i + 1}`,
    { min: -data.moveLimit, max: data.moveLimit, step: 10, value: 0 },
    move => `${move < 0 ? "−" : move > 0 ? "+" : ""}${(Math.abs(move) / 100).toFixed(1)}`,
    move => { state.moves[i] = move; show(); }));
  slot("explore-directions")?.append(
    make("div", { class: "head" }, make("p", { class: "title" }, "Directions"),
      make("button", { type: "button", id: "reset", onclick: () => {
        state.moves.fill(0);
        for (const one of sliders) one.set(0);
        show();
      } }, "Back to 0")),
    ...sliders.map((one, i) => make("div", { class: "direction" },
      make("span", {}, `${i + 1}`, make("small", {}, ` ${(100 * data.shares[i]).toPrecision(2)} %`)),
      one.input, one.output)));

  function show() {
    const isMoved = state.moves.some(Boolean);
    const query = `seed=${state.seed}${state.share ? `&to=${state.to}&share=${state.share}` : ""}`
      + `${ofClass()}${isMoved ? `&moves=${state.moves.join()}` : ""}`;
    const text = `Seed ${state.seed}${state.share ? `, ${state.share} % of the way to seed ${state.to}` : ""}`
      + `${className()}${isMoved ? ", moved" : ""}`;
    ask(picture, query, text);
    caption.textContent = text;
    wayName.textContent = `${state.seed} → ${state.to}`;
    // The same picture, as a file.
    const one = state.share === 100 ? state.to : state.seed;
    command.textContent = `${data.command} --seeds ${one}${data.classes ? ` --class ${state.label}` : ""}`
      + ` --out ${one}.png`;
    command.hidden = isMoved || state.share % 100 > 0;
  }

  function showAll() {
    show();
    samples.forEach(({ button, image, name }, i) => {
      const number = state.first + i;
      button.dataset.seed = number;
      button.setAttribute("aria-pressed", String(number === state.seed || number === state.to && state.share > 0));
      name.textContent = number;
      ask(image, `seed=${number}${ofClass()}`, `Seed ${number}${className()}`);
    });
    seed.value = state[state.end];
  }

  addEventListener("DOMContentLoaded", () => {
    showAll();
    root.dataset.overflow = root.scrollWidth - root.clientWidth;
  });
})();
