// The npm packages of an older kind, each called as its README shows it: node npm_call.cjs PACKAGE upload FILE.
const fs = require("fs");
const http = require("http");
const [name, verb, word, clientId, secret, accessToken, refreshToken] = process.argv.slice(2);
const installed = (name) => require(require.resolve(name, { paths: [process.env.NODE_PATH] }));
const say = (answer) => console.log(JSON.stringify(answer));
const told = (data) => say({ link: data.link, delete: data.deletehash });

// NodeBB, of which its plug-in asks for the settings and for a place for complaints.
const settings = {
  imgurClientID: clientId,
  imgurSecret: secret,
  access_token: accessToken,
  refresh_token: refreshToken,
  expiresAt: 0,
};
const database = { getObject: async () => settings, setObject: async (_, values) => Object.assign(settings, values) };
const parts = { winston: console, "./src/database": database, "./src/user": {} };
global.nodebb = { require: (part) => parts[part] };

const library = installed(name.replace(/-(base64|bytes)$/, ""));

// A small server that keeps uploads by multer, which keeps them by the storage; and an upload to it.
function throughMulter(storage) {
  const upload = installed("multer")({ storage: storage({ clientId: "0123456789abcde" }) }).single("picture");
  const server = http.createServer((request, response) =>
    upload(request, response, (error) => response.end(JSON.stringify(error ?? request.file)))
  );
  server.listen(0, "127.0.0.1", async () => {
    const form = new FormData();
    form.append("picture", new Blob([fs.readFileSync(word)], { type: "image/png" }), "picture.png");
    const answer = await fetch(`http://127.0.0.1:${server.address().port}/`, { method: "POST", body: form });
    const file = await answer.json();
    told(file.data ?? file);
    process.exit();
  });
}

const byPromise = {
  upload: () => library.uploadFile(word).then((answer) => told(answer.data ?? answer)),
  remove: () => library.deleteImage(word).then(say),
};
const byClient = () => new library.Client("0123456789abcde");

const calls = {
  "imgur-1": byPromise,
  "imgur-1-base64": {
    upload: () =>
      library
        .uploadBase64(fs.readFileSync(word).toString("base64"))
        .then((data) => say({ link: data.link, delete: data.deletehash })),
  },
  "imgur-03": byPromise,
  "imgur-02": byPromise,
  "imgur-v2": byPromise,
  "@hackmd/imgur": byPromise,
  "imgur-node": {
    album: () => byClient().album.get(word, (error, album) => console.log(JSON.stringify(error ?? album))),
  },
  "imgur-node-api": {
    upload: () => {
      library.setClientID("0123456789abcde");
      library.upload(word, (error, answer) => told(answer.data));
    },
    remove: () => {
      library.setClientID("0123456789abcde");
      library.delete(word, (error, answer) => say(answer));
    },
  },
  "node-imgur": {
    upload: () =>
      library
        .createClient("f29daac16ef710bba20406c80c23c9cf")
        .upload(word, (error, answer) => say({ link: answer.upload.links.original })),
  },
  "@rmp135/imgur": {
    upload: () => byClient().Image.upload(fs.readFileSync(word).toString("base64"), { title: "a title" }).then((answer) => told(answer.data)),
    remove: () => byClient().Image.remove(word).then(say),
  },
  "@rmp135/imgur-bytes": {
    upload: () => byClient().Image.upload(fs.readFileSync(word)).then((answer) => told(answer.data)),
    remove: () => byClient().Image.remove(word).then(say),
  },
  "multer-storage-imgur": { upload: () => throughMulter(library) },
  "@trevorblades/multer-storage-imgur": { upload: () => throughMulter(library) },
  "nodebb-plugin-imgur": {
    upload: () =>
      library.upload({ image: { name: "picture.png", path: word } }).then((answer) => say({ link: answer.url })),
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
