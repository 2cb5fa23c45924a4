"use strict";

const $ = (id) => document.getElementById(id);
const pairs = [];
let running = null;

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function languageName(tag) {
  try {
    return new Intl.DisplayNames(["en"], { type: "language" }).of(tag);
  } catch {
    return tag;
  }
}

async function readState() {
  let shown = ["unreachable", "down"];
  try {
    const response = await fetch("readyz");
    const body = await response.json();
    shown = response.ok ? ["ready", "ready"] : [body.code, "down"];
    if (response.ok && pairs.length === 0) await readModels();
  } catch { /* the server is away: the next round tells */ }
  $("state").textContent = shown[0];
  $("state").className = `state ${shown[1]}`;
  setTimeout(readState, shown[1] === "ready" ? 15000 : 1500);
}

async function readModels() {
  const { models } = await (await fetch("v1/models")).json();
  for (const model of models.filter((one) => one.task === "translate")) {
    for (const pair of model.languages) {
      pairs.push({ model, ...pair });
      const name = `${languageName(pair.source)} → ${languageName(pair.target)} · ${model.name} ${model.version}`;
      $("pair").append(new Option(name, String(pairs.length - 1)));
    }
  }
  choosePair();
}

function choosePair() {
  const pair = pairs[Number($("pair").value)];
  if (!pair) return;
  $("target-name").textContent = languageName(pair.target);
  $("beam").value = pair.model.generation.beam_size;
  $("penalty").value = pair.model.generation.length_penalty;
  $("most").max = pair.model.limits.max_target;
  showOptions();
}

function showOptions() {
  $("nbest").max = $("beam").value;
  for (const id of ["beam", "nbest", "penalty"]) $(`${id}-shown`).textContent = $(id).value;
  showCurl();
}

function request() {
  const lines = $("text").value.split("\n").filter((line) => line.trim());
  const pair = pairs[Number($("pair").value)];
  const options = {
    beam_size: Number($("beam").value),
    n_best: Number($("nbest").value),
    length_penalty: Number($("penalty").value),
  };
  if ($("most").value) options.max_tokens = Number($("most").value);
  const body = { text: lines.length === 1 ? lines[0] : lines, options };
  if (pair) Object.assign(body, { source: pair.source, target: pair.target, model: pair.model.name });
  if ($("align").checked) body.return_alignments = true;
  return body;
}

function showCurl() {
  const url = new URL("v1/translate", document.baseURI);
  const body = JSON.stringify(request()).replaceAll("'", "'\\''");
  $("curl").textContent = `curl ${url} \\\n  -H 'Content-Type: application/json' \\\n  -d '${body}'`;
}

function showProblem(problem) {
  const box = element("div", undefined, "bad");
  box.append(element("p", problem.detail || "The service cannot be reached."));
  for (const error of problem.errors || []) {
    box.append(element("code", `${error.pointer || "body"}: ${error.message}`));
  }
  if (problem.request_id) box.append(element("code", `request ${problem.request_id}`));
  $("out").replaceChildren(box);
}

function scored(name, candidate) {
  const made = element(name, candidate.text);
  const mark = candidate.finish_reason === "length" ? " · cut" : "";
  made.append(" ", element("span", candidate.score.toFixed(2) + mark, "score"));
  return made;
}

function showTranslations(translations) {
  const shown = [];
  for (const translation of translations) {
    shown.push(scored("p", translation));
    if (!translation.alternatives) continue;
    const list = element("ol");
    list.append(...translation.alternatives.map((other) => scored("li", other)));
    shown.push(list);
  }
  $("out").replaceChildren(...shown);
  const maps = translations.filter((one) => one.alignment).map((one) => heatmap(one.alignment));
  $("maps").replaceChildren(...maps);
  $("heat").hidden = maps.length === 0;
}

function heatmap({ source_tokens, target_tokens, weights }) {
  const table = element("table");
  const top = table.createTHead().insertRow();
  top.append(element("th"));
  for (const token of source_tokens) {
    const cell = element("th");
    cell.append(element("span", token.trim() || "␣"));
    top.append(cell);
  }
  const body = table.createTBody();
  weights.forEach((row, place) => {
    const line = body.insertRow();
    line.append(element("th", target_tokens[place].trim() || "␣"));
    row.forEach((weight, column) => {
      const cell = line.insertCell();
      cell.style.setProperty("--weight", String(Math.min(1, weight)));
      cell.title = `${target_tokens[place].trim()} ← ${source_tokens[column].trim()}: ${weight.toFixed(2)}`;
    });
  });
  return table;
}

// Yields the JSON objects of a stream's `data:` lines.
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (waiting + value).split("\n\n");
    waiting = blocks.pop();
    for (const block of blocks) {
      if (block.startsWith("data: ")) yield JSON.parse(block.slice(6));
    }
  }
}

async function follow(response, count) {
  const lines = Array.from({ length: count }, () => element("p"));
  $("out").replaceChildren(...lines);
  $("heat").hidden = true;
  let end = null;
  for await (const event of events(response)) {
    if (event.type === "token") lines[event.index].append(event.text);
    else end = event;
  }
  if (end?.type !== "done") {
    showProblem(end?.error || {});
    return;
  }
  showTranslations(end.result.translations);
  const { source_tokens, target_tokens } = end.result.usage;
  const seconds = (end.timings.total_ms / 1000).toFixed(2);
  $("facts").textContent = `${seconds} s · ${source_tokens} → ${target_tokens} tokens`;
}

async function translate(event) {
  event.preventDefault();
  if (running) {
    running.abort();
    return;
  }
  const body = request();
  if (body.text.length === 0) return;
  running = new AbortController();
  $("go").textContent = "Stop";
  $("out").classList.add("working");
  try {
    const response = await fetch("v1/translate/stream", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal: running.signal,
    });
    if (response.ok) await follow(response, Array.isArray(body.text) ? body.text.length : 1);
    else showProblem(await response.json());
  } catch (error) {
    if (error.name !== "AbortError") showProblem({});
  }
  running = null;
  $("go").textContent = "Translate";
  $("out").classList.remove("working");
}

$("form").addEventListener("submit", translate);
$("form").addEventListener("input", showOptions);
$("pair").addEventListener("change", choosePair);
$("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("form").requestSubmit();
});
showOptions();
readState();
