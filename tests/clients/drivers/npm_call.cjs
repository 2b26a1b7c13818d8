// The npm packages of an older kind, each called as its README shows it: node npm_call.cjs PACKAGE upload FILE.
const fs = require("fs");
const [name, verb, word] = process.argv.slice(2);
const library = require(require.resolve(name.replace("-base64", ""), { paths: [process.env.NODE_PATH] }));
const say = (answer) => console.log(JSON.stringify(answer));

const calls = {
  "imgur-1": {
    upload: () => library.uploadFile(word).then((data) => say({ link: data.link, delete: data.deletehash })),
    remove: () => library.deleteImage(word).then(say),
  },
  "imgur-1-base64": {
    upload: () =>
      library
        .uploadBase64(fs.readFileSync(word).toString("base64"))
        .then((data) => say({ link: data.link, delete: data.deletehash })),
  },
  "imgur-03": {
    upload: () => library.uploadFile(word).then((data) => say({ link: data.link, delete: data.deletehash })),
    remove: () => library.deleteImage(word).then(say),
  },
  "imgur-uploader": {
    upload: () => library(fs.readFileSync(word), { title: "a title" }).then((data) => say({ link: data.link })),
  },
  "imgur-upload": {
    upload: () => {
      library.setClientID("0123456789abcde");
      library.upload(word, (error, answer) => say({ link: answer.data.link, delete: answer.data.deletehash }));
    },
  },
  "imgur-anonymous-uploader": {
    upload: async () => {
      const uploader = new library("0123456789abcde");
      const answer = await uploader.upload(word);
      say({ link: answer.url, delete: answer.deleteHash });
    },
  },
};
calls[name][verb]();
