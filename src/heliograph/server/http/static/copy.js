// Puts a copy button beside every field of links. Without JavaScript the fields can still be selected and copied.

/** Add a copy button to `field`, an element of class "copy" that holds a label and an input. */
export function addButton(field) {
  const input = field.querySelector("input");
  const name = field.querySelector("label").textContent;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  button.textContent = "Copy";
  button.setAttribute("aria-label", `Copy: ${name}`);
  button.addEventListener("click", async () => {
    await copy(input);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
  input.addEventListener("focus", () => input.select());
  field.append(button);
}

async function copy(input) {
  input.select();
  // Browsers offer the clipboard only on https and on the own machine; the old command works everywhere.
  if (navigator.clipboard) await navigator.clipboard.writeText(input.value).catch(() => document.execCommand("copy"));
  else document.execCommand("copy");
}

for (const field of document.querySelectorAll(".copy")) addButton(field);
