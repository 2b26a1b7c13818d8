// The call of Stack Exchange's mobile apps, with a key of theirs: node stack_mobile.cjs PICTURE TOKEN.
const fs = require("fs");
const [picture, token] = process.argv.slice(2);
const form = new URLSearchParams({
  access_token: token,
  key: "kJ1geZUa*oJVMN229qwESg((",
  image_mime_type: "image/png",
  image_name: "picture",
  filter: "vqc7J",
  image_data: fs.readFileSync(picture).toString("base64"),
});
fetch("https://mobile.stackexchange.com/1/image/upload", { method: "POST", body: form })
  .then((answer) => answer.json())
  .then((answer) => console.log(JSON.stringify({ link: answer.items[0].url })));
