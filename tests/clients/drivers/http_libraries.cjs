// Libraries of npm for HTTP, each sending a file as its README shows: node http_libraries.cjs LIBRARY PICTURE
const fs = require("fs");
const [name, picture] = process.argv.slice(2);
const library = require(require.resolve(name, { paths: [process.env.NODE_PATH] }));
const place = "https://api.imgur.com/3/image";
const headers = { Authorization: "Client-ID 0123456789abcde" };

const calls = {
  axios: async () => {
    const form = { image: fs.createReadStream(picture), title: "a title" };
    return (await library.postForm(place, form, { headers })).data;
  },
  superagent: async () =>
    (await library.post(place).set(headers).field("title", "a title").attach("image", picture)).body,
  needle: async () => {
    const form = { image: { file: picture, content_type: "image/png" }, title: "a title" };
    return (await library("post", place, form, { multipart: true, headers })).body;
  },
};
calls[name]().then(({ data }) => console.log(JSON.stringify({ link: data.link, delete: data.deletehash })));
