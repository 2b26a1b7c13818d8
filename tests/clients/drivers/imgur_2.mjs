// imgur 2, as its README shows it.
import { createRequire } from "node:module";
import { createReadStream } from "node:fs";

const { ImgurClient } = createRequire(process.env.NODE_PATH + "/")("imgur");
const [verb, word] = process.argv.slice(2);
const client = new ImgurClient({ clientId: "0123456789abcde" });
if (verb === "upload") {
  const answer = await client.upload({ image: createReadStream(word), type: "stream" });
  console.log(JSON.stringify({ link: answer.data.link, delete: answer.data.deletehash, success: answer.success }));
} else {
  console.log(JSON.stringify(await client.deleteImage(word)));
}
