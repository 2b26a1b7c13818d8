// Makes the upload form nicer: many pictures at once, drop, paste, drawing on them, progress. Without it the plain form does the job.

import { addButton } from "./copy.js";
import { drawOn } from "./draw.js";

const form = document.getElementById("upload");
const list = document.getElementById("list");
const status = document.getElementById("status");
const limit = Number(form?.dataset.limit);
const AT_ONCE = 2;
const waiting = [];
let running = 0;
let drawn = Promise.resolve();
let fields = 0;

if (form) start();

function start() {
  form.elements.image.multiple = true;
  for (const hint of document.querySelectorAll(".scripted")) hint.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const address = form.elements.url.value.trim();
    const pictures = [...form.elements.image.files, ...(address ? [address] : [])];
    if (!pictures.length) return say("Choose a picture first, or give its address.");
    take(pictures, texts());
    const drawing = form.elements.draw.checked;
    form.reset();
    form.elements.draw.checked = drawing;
  });
  addEventListener("paste", (event) => {
    const files = [...event.clipboardData.files];
    if (files.length) { event.preventDefault(); take(files, {}); }
  });
  addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("dragging");
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) document.body.classList.remove("dragging");
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("dragging");
    const address = event.dataTransfer.getData("text/uri-list").split("\n")[0];
    const files = [...event.dataTransfer.files];
    if (files.length) take(files, {});
    else if (address) take([address], {});
  });
}

function texts() {
  const said = {};
  for (const name of ["title", "description", "alt"]) if (form.elements[name].value.trim()) said[name] = form.elements[name].value;
  return said;
}

function say(text) {
  document.getElementById("results").hidden = false;
  status.textContent = text;
}

/** Take pictures (files or addresses) in, with what is said about them; one after the other where they are drawn on. */
function take(pictures, said) {
  if (!form.elements.draw.checked) return add(pictures, said);
  for (const picture of pictures) drawn = drawn.then(() => draw(picture, said));
}

/** Have a picture drawn on, and take it in as it is then. What only its address is known of goes up as it is. */
async function draw(picture, said) {
  if (typeof picture === "string") return add([picture], said);
  try {
    const result = await drawOn(picture);
    if (result && result !== picture && result.size > limit) {
      throw new Error("With the drawing, as a PNG, the picture is larger than this server accepts. It was not uploaded.");
    }
    if (result) add([result], said);
    else say(`${picture.name} was not uploaded.`);
  } catch (error) {
    const entry = new Entry(picture, said);
    list.prepend(entry.item);
    say(`${picture.name} was not uploaded.`);
    entry.fail(error.message, false);
  }
}

/** Put pictures on their way. */
function add(pictures, said) {
  for (const picture of pictures) {
    const entry = new Entry(picture, said);
    list.prepend(entry.item);
    waiting.push(entry);
  }
  next();
}

function next() {
  while (running < AT_ONCE && waiting.length) {
    running += 1;
    waiting.shift().upload().finally(() => { running -= 1; next(); });
  }
  const left = running + waiting.length;
  say(left ? `Uploading ${left} ${left === 1 ? "picture" : "pictures"} …` : "Done.");
}

/** One picture on its way, and its place in the list. */
class Entry {
  constructor(picture, said) {
    this.picture = picture;
    this.said = said;
    this.name = picture.name ?? picture;
    // The same key on every try: a repeated upload is answered with the first one's links.
    this.key = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    this.item = make("li");
  }

  async upload() {
    if (this.picture.size > limit) return this.fail("The picture is larger than this server accepts.", false);
    const bar = make("progress", { max: 1, value: 0 });
    bar.setAttribute("aria-label", `Progress of ${this.name}`);
    this.show(make("div", { className: "thumb" }), make("h3", { textContent: this.name }), bar);
    try {
      this.succeed(await send(this.body(), this.key, (done) => { bar.value = done; }));
    } catch (error) {
      this.fail(error.message, error.again);
    }
  }

  body() {
    const body = new FormData();
    for (const [name, text] of Object.entries(this.said)) body.set(name, text);
    if (typeof this.picture === "string") body.set("url", this.picture);
    else body.set("image", this.picture);
    return body;
  }

  succeed(image) {
    const title = make("h3");
    title.append(make("a", { href: image.page, textContent: image.title || image.name || image.id }));
    const alt = (image.alt || image.title || "").replace(/[[\]\\]/g, "\\$&");
    this.show(
      make("img", { className: "thumb", src: image.thumbnails.b, alt: image.alt || "" }),
      title,
      field("Direct link", image.link),
      field("Markdown", `![${alt}](${image.link})`),
      field("Delete link (keep it to yourself)", image.delete_link),
      field("Signed receipt", image.receipt),
    );
  }

  fail(message, again) {
    const parts = [make("h3", { textContent: this.name }), make("p", { className: "wrong", textContent: message })];
    if (again) {
      const button = make("button", { type: "button", className: "quiet", textContent: "Try again" });
      button.addEventListener("click", () => { waiting.push(this); next(); });
      parts.push(button);
    }
    this.show(make("div", { className: "thumb" }), ...parts);
  }

  show(thumb, ...parts) {
    const text = make("div");
    text.append(...parts);
    this.item.replaceChildren(thumb, text);
  }
}

/** What went wrong, in words; `again` is whether the same upload may succeed later. */
class Failure extends Error {
  constructor(message, again) {
    super(message);
    this.again = again;
  }
}

/** Post a form to the API; resolves with the image, rejects with a Failure. */
function send(body, key, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/api/v1/images");
    request.setRequestHeader("Idempotency-Key", key);
    request.setRequestHeader("Accept", "application/json");
    // Whoever is logged in uploads into the account: the cookie counts only with the form's own key.
    request.setRequestHeader("X-Fkey", form.elements.fkey.value);
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) progress(event.loaded / event.total); });
    request.addEventListener("error", () => reject(new Failure("The connection was lost.", true)));
    request.addEventListener("load", () => {
      if (request.status < 300 && request.response) resolve(request.response);
      else {
        const again = request.status >= 500 || request.status === 429;
        reject(new Failure(request.response?.detail ?? `The server answered ${request.status}.`, again));
      }
    });
    request.send(body);
  });
}

function field(label, value) {
  const id = `field-${fields += 1}`;
  const box = make("div", { className: "copy" });
  box.append(
    make("label", { htmlFor: id, textContent: label }),
    make("input", { id, type: "text", value, readOnly: true, spellcheck: false }),
  );
  addButton(box);
  return box;
}

function make(tag, properties = {}) {
  return Object.assign(document.createElement(tag), properties);
}
