"use strict";

const $ = (id) => document.getElementById(id);
const choices = []; // what the list offers: { task, model, source, target }
let running = null;

const TASKS = {
  translate: {
    verb: "Translate",
    outputs: "translations",
    hint: "Type a sentence. Each line is translated on its own.",
    name: ({ source, target }) => `${languageName(source)} → ${languageName(target)}`,
    heading: ({ target }) => languageName(target),
    texts: (text) => text.split("\n").filter((line) => line.trim()),
    languages: ({ source, target }) => ({ source, target }),
  },
  summarize: {
    verb: "Summarize",
    outputs: "summaries",
    hint: "Paste an article. What is beyond the model's limit is not read.",
    name: ({ source }) => `${languageName(source)}, shorter`,
    heading: () => "Summary",
    texts: (text) => [text].filter((one) => one.trim()),
    languages: ({ source }) => ({ language: source }),
  },
  caption: {
    verb: "Caption",
    outputs: "captions",
    hint: "",
    name: ({ target }) => (target ? `Photo → ${languageName(target)}` : "Photo"),
    heading: () => "Caption",
  },
};

const chosen = () => choices[Number($("choice").value)];
const chosenTask = () => TASKS[chosen()?.task ?? "translate"];
const seesPhotos = () => chosen()?.task === "caption";

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
    if (response.ok && choices.length === 0) await readModels();
  } catch { /* the server is away: the next round tells */ }
  $("state").textContent = shown[0];
  $("state").className = `state ${shown[1]}`;
  setTimeout(readState, shown[1] === "ready" ? 15000 : 1500);
}

async function readModels() {
  const { models } = await (await fetch("v1/models")).json();
  for (const [task, { verb, name }] of Object.entries(TASKS)) {
    const group = element("optgroup");
    group.label = verb;
    for (const model of models.filter((one) => one.task === task)) {
      for (const pair of model.languages.length ? model.languages : [{}]) {
        choices.push({ task, model, ...pair });
        group.append(new Option(`${name(pair)} · ${model.name} ${model.version}`, String(choices.length - 1)));
      }
    }
    if (group.children.length) $("choice").append(group);
  }
  choose();
}

function choose() {
  const choice = chosen();
  if (!choice) return;
  const task = chosenTask();
  $("heading").textContent = task.heading(choice);
  $("text").placeholder = task.hint;
  if (!running) $("go").textContent = task.verb;
  $("beam").value = choice.model.generation.beam_size;
  $("penalty").value = choice.model.generation.length_penalty;
  $("most").max = choice.model.limits.max_target;
  $("align").disabled = !choice.model.attends;
  for (const part of document.querySelectorAll(".summarize")) part.hidden = choice.task !== "summarize";
  $("text").hidden = $("keys").hidden = seesPhotos();
  $("drop").hidden = !seesPhotos();
  showOptions();
}

function showOptions() {
  $("nbest").max = $("beam").value;
  // A field that is not asked for must not be able to hold up the form.
  $("words").disabled = chosen()?.task !== "summarize" || $("length").value !== "";
  for (const id of ["beam", "nbest", "penalty"]) $(`${id}-shown`).textContent = $(id).value;
  showCurl();
}

function request() {
  const [choice, task] = [chosen(), chosenTask()];
  const looks = $("align").checked && !$("align").disabled;
  const options = {
    beam_size: Number($("beam").value),
    n_best: Number($("nbest").value),
    length_penalty: Number($("penalty").value),
  };
  if ($("most").value) options.max_tokens = Number($("most").value);
  if (choice?.task === "summarize") {
    if ($("length").value) options.length = $("length").value;
    else if ($("words").value) options.max_words = Number($("words").value);
  }
  if (seesPhotos()) return { model: choice.model.name, options, return_attention: looks };
  const texts = task.texts($("text").value);
  const body = { text: texts.length === 1 ? texts[0] : texts, options };
  if (choice) Object.assign(body, task.languages(choice), { model: choice.model.name });
  if (looks) body.return_alignments = true;
  return body;
}

function showCurl() {
  const url = new URL(`v1/${chosen()?.task ?? "translate"}`, document.baseURI);
  if (seesPhotos()) {
    $("curl").textContent = photoCurl(url, request());
    return;
  }
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
  const made = candidate.attention ? gazingCaption(candidate) : element(name, candidate.text);
  const mark = candidate.finish_reason === "length" ? " · cut" : "";
  made.append(" ", element("span", candidate.score.toFixed(2) + mark, "score"));
  return made;
}

function showOutputs(outputs) {
  const shown = [];
  for (const output of outputs) {
    shown.push(scored("p", output));
    if (output.read && output.read.tokens < output.read.of_tokens) {
      const { characters, of_characters } = output.read;
      shown.push(element("p", `Made of the first ${characters} of ${of_characters} characters.`, "quiet"));
    }
    if (!output.alternatives) continue;
    const list = element("ol");
    list.append(...output.alternatives.map((other) => scored("li", other)));
    shown.push(list);
  }
  $("out").replaceChildren(...shown);
  const maps = outputs.filter((one) => one.alignment).map((one) => heatmap(one.alignment));
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

async function follow(response, task, count) {
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
  showOutputs(end.result[task.outputs]);
  const { images, source_tokens, target_tokens } = end.result.usage;
  const seconds = (end.timings.total_ms / 1000).toFixed(2);
  $("facts").textContent = `${seconds} s · ${images ? "photo" : source_tokens} → ${target_tokens} tokens`;
}

function stop() {
  running?.abort();
  running = null;
  $("go").textContent = chosenTask().verb;
  $("out").ariaBusy = "false";
}

async function run(event) {
  event.preventDefault();
  if (running) {
    stop();
    return;
  }
  const body = request();
  const [path, task] = [`v1/${chosen()?.task ?? "translate"}/stream`, chosenTask()];
  if (seesPhotos() ? !photo : body.text.length === 0) return;
  const mine = new AbortController();
  running = mine;
  $("go").textContent = "Stop";
  $("out").ariaBusy = "true"; // read out once it is whole
  try {
    const response = await fetch(path, {
      method: "POST",
      ...(seesPhotos()
        ? { body: photoForm(body) }
        : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }),
      signal: mine.signal,
    });
    if (response.ok) await follow(response, task, Array.isArray(body.text) ? body.text.length : 1);
    else showProblem(await response.json());
  } catch (error) {
    if (error.name !== "AbortError") showProblem({});
  }
  if (running === mine) stop();
}

watchPhoto();
$("form").addEventListener("submit", run);
// What is wrong in closed options could not be shown, and nothing would happen.
$("form").addEventListener("invalid", ({ target }) => { target.closest("details").open = true; }, true);
$("form").addEventListener("input", showOptions);
$("choice").addEventListener("change", choose);
$("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("form").requestSubmit();
});
showOptions();
readState();
