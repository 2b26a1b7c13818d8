// Gives scripts the names that they find on a page of the Stack Exchange sites: StackExchange and fkey.
// Their values stand in the page as text, for programs that read pages and run no script.
"use strict";

{
  const said = document.getElementById("stack-exchange").textContent;
  const options = JSON.parse(said.match(/StackExchange\.init\(([^;]+)\);/)[1]);
  const image = JSON.parse(said.match(/StackExchange\.settings\.image = ([^;]+);/)[1]);
  window.StackExchange = { options, settings: { image }, init() {} };
  window.fkey = () => ({ fkey: options.user.fkey });
}
