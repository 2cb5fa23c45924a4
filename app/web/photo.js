"use strict";

// The photo to caption, and where the model looked for each word. Uses `$`, `element` and `stop` of app.js.

let photo = null; // the File that was chosen

function watchPhoto() {
  const drop = $("drop");
  $("file").addEventListener("change", () => choosePhoto($("file").files));
  for (const type of ["dragenter", "dragover"]) {
    drop.addEventListener(type, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  for (const type of ["dragleave", "drop"]) drop.addEventListener(type, () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    choosePhoto(event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => {
    if (!drop.hidden && event.clipboardData.files.length) choosePhoto(event.clipboardData.files);
  });
}

function choosePhoto(files) {
  if (files.length === 0) return;
  photo = files[0];
  URL.revokeObjectURL($("shown").src);
  $("shown").src = URL.createObjectURL(photo);
  $("shown").alt = `The chosen photo, ${photo.name}`;
  $("frame").hidden = false;
  $("invite").textContent = "Another photo: drop, paste or choose it";
  forgetGaze();
  $("out").replaceChildren();
  stop();
  $("form").requestSubmit();
}

function photoForm(fields) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    form.append(name, typeof value === "string" ? value : JSON.stringify(value));
  }
  form.append("image", photo);
  return form;
}

function photoCurl(url, fields) {
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const parts = Object.entries(fields).map(
    ([name, value]) => `-F ${quoted(`${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)}`,
  );
  return [`curl ${url}`, "-F image=@photo.jpg", ...parts].join(" \\\n  ");
}

// A caption whose words show, when pointed at or focused, where in the photo they looked.
function gazingCaption({ text, attention }) {
  const line = element("p", undefined, "words");
  line.title = text;
  for (const word of attention.words) {
    const button = element("button", word.text, "word");
    button.type = "button";
    for (const type of ["mouseenter", "focus"]) {
      button.addEventListener(type, () => showGaze(attention, word, button));
    }
    line.append(button, " ");
  }
  line.addEventListener("mouseleave", forgetGaze);
  line.addEventListener("focusout", forgetGaze);
  return line;
}

function showGaze({ rows, columns }, { text, weights }, button) {
  forgetGaze();
  const cells = weights.flat();
  const most = Math.max(...cells);
  const map = $("gaze"); // a pixel for each cell; the browser smooths it over the photo
  [map.width, map.height] = [columns, rows];
  const shades = cells.flatMap((weight) => shade(most > 0 ? weight / most : 0));
  map.getContext("2d").putImageData(new ImageData(new Uint8ClampedArray(shades), columns), 0, 0);
  $("frame").classList.add("gazing");
  button.classList.add("looking");
  const place = cells.indexOf(most);
  $("where").textContent = `“${text}” looked most at the ${placeName(place, rows, columns)}.`;
}

// Red, green, blue and alpha: what was not looked at is dark, what was looked at shows, tinted.
function shade(share) {
  return [255 * share, 150 * share, 40 * share, 255 * (0.68 - 0.38 * share)];
}

function placeName(place, rows, columns) {
  const third = (at, of, names) => names[of === 1 ? 1 : Math.min(2, Math.floor((3 * (at + 0.5)) / of))];
  const vertical = third(Math.floor(place / columns), rows, ["top", "middle", "bottom"]);
  const horizontal = third(place % columns, columns, ["left", "middle", "right"]);
  return vertical === horizontal ? "middle" : `${vertical} ${horizontal}`;
}

function forgetGaze() {
  $("frame").classList.remove("gazing");
  $("where").textContent = "";
  for (const button of document.querySelectorAll(".looking")) button.classList.remove("looking");
}
