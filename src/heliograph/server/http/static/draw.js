// Lets people draw on a picture before it goes up. What they draw becomes part of the pixels; the others stay as they are.

const dialog = document.getElementById("drawing");
const canvas = dialog?.querySelector("canvas");
const tools = dialog?.querySelector("form").elements;
const context = canvas?.getContext("2d");
let bitmap = null;
let strokes = [];
let current = null;

if (dialog) start();

/**
 * Show a picture (a File) to be drawn on; several wait for their turn outside of here. Resolves with a File that holds
 * the drawing, with `picture` itself where nothing was drawn, or with null where the person thought better of it.
 * Rejects with an Error, in words for people, where this browser cannot show or keep such a picture.
 */
export async function drawOn(picture) {
  bitmap = await createImageBitmap(picture).catch(() => {
    throw new Error("This browser cannot show the picture, so it cannot be drawn on. It was not uploaded.");
  });
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  strokes = [];
  current = null;
  paint();
  dialog.returnValue = "";
  dialog.showModal();
  await new Promise((resolve) => { dialog.addEventListener("close", resolve, { once: true }); });
  const wanted = dialog.returnValue === "upload";
  const result = wanted && strokes.length ? await asFile(picture.name) : picture;
  bitmap.close();
  canvas.width = canvas.height = 0; // gives the memory back
  return wanted ? result : null;
}

function start() {
  canvas.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    const width = Math.max(1, Number(tools.thickness.value) * Math.max(canvas.width, canvas.height) / 1000);
    current = { colour: tools.colour.value, width, points: [place(event)] };
    strokes.push(current);
    lengthen(current, 0);
    tools.undo.disabled = false;
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!current || !canvas.hasPointerCapture(event.pointerId)) return;
    const before = current.points.length - 1;
    // A fast hand moves on several times between two events.
    for (const each of event.getCoalescedEvents?.() ?? [event]) current.points.push(place(each));
    lengthen(current, before);
  });
  tools.undo.addEventListener("click", undo);
  dialog.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    undo();
  });
}

/** Take the last stroke back; the hand that is still drawing it draws no further. */
function undo() {
  strokes.pop();
  current = null;
  paint();
}

/** Where the pointer is, in pixels of the picture, however small the screen shows it. */
function place(event) {
  const box = canvas.getBoundingClientRect();
  return [
    (event.clientX - box.left - canvas.clientLeft) * canvas.width / canvas.clientWidth,
    (event.clientY - box.top - canvas.clientTop) * canvas.height / canvas.clientHeight,
  ];
}

function paint() {
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0);
  for (const stroke of strokes) lengthen(stroke, 0);
  tools.undo.disabled = !strokes.length;
}

/** Draw a stroke from its point number `from` on; a stroke of one point is a dot. */
function lengthen(stroke, from) {
  context.strokeStyle = stroke.colour;
  context.lineWidth = stroke.width;
  context.lineCap = context.lineJoin = "round";
  context.beginPath();
  context.moveTo(...stroke.points[from]);
  for (const point of stroke.points.slice(from)) context.lineTo(...point);
  context.stroke();
}

/** PNG, as it changes no pixel that was not drawn on. */
async function asFile(name) {
  const blob = await new Promise((resolve) => { canvas.toBlob(resolve, "image/png"); });
  if (!blob) throw new Error("The picture is too large for this browser to draw on. It was not uploaded.");
  return new File([blob], `${name.replace(/\.[^.]*$/, "")}.png`, { type: "image/png" });
}
