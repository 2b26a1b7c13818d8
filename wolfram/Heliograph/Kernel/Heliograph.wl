(* ::Package:: *)

(* Publishes what can be seen on a Heliograph image host, by its native API; hides requests, answers and failures.
   Everything here is the same in every interpreter. How bytes come to the server and back is in the one file beside
   this that fits: URLRead.wl for Wolfram's, Curl.wl for those without URLRead. *)

BeginPackage["Heliograph`"];

HeliographUpload::usage = "HeliographUpload[thing] publishes an image, a graphic, any other expression as it is drawn, \
File[\"path\"], URL[\"address\"] or a ByteArray, and gives a HeliographImage.";
HeliographDelete::usage = "HeliographDelete[image] removes an image for ever; it is named by its HeliographImage, its \
link, its id, its delete link or its delete hash.";
HeliographImages::usage = "HeliographImages[] lists the images of your account, newest first; HeliographImages[n] the \
newest n.";
HeliographImage::usage = "HeliographImage[<|...|>][\"Link\"] is the direct link of a published image; \"Markdown\" and \
\"HTML\" are ready to paste, \"DeleteLink\" removes it, \"Properties\" names the rest.";
HeliographPublishSelection::usage = "HeliographPublishSelection[] publishes what is selected in the notebook, and \
copies its Markdown. It changes nothing in the notebook.";
$HeliographServer::usage = "$HeliographServer is the address of the server; Automatic is the environment's \
HELIOGRAPH_URL, else a server on this computer.";
$HeliographKey::usage = "$HeliographKey is the key of your account; Automatic is the environment's HELIOGRAPH_KEY, else \
none.";

If[!ValueQ[$HeliographServer], $HeliographServer = Automatic];
If[!ValueQ[$HeliographKey], $HeliographKey = Automatic];

(* Symbols that only some interpreters have are named with their context, so that they are the same ones everywhere. *)
Options[HeliographUpload] = {
  "Title" -> None, "Description" -> None, "AltText" -> None,
  System`ImageResolution -> Automatic, System`RasterSize -> Automatic,
  "Server" -> Automatic, "Key" -> Automatic};
Options[HeliographDelete] = {"Server" -> Automatic, "Key" -> Automatic};
Options[HeliographImages] = {"Query" -> None, "Server" -> Automatic, "Key" -> Automatic};

Scan[
  Function[function,
    function::arguments = "These are not the arguments of this function: see its usage.";
    function::option = "`1` is no option of this function. Its options are `2`.";
    function::value = "The option `1` must be a string or None.";
    function::server = "`1` is not a server's address. It looks like https://pictures.example.";
    function::key = "The key holds characters that no key has. Was it copied whole, and nothing else with it?";
    function::nokey = "This needs the key of an account: set $HeliographKey, or HELIOGRAPH_KEY in the environment.";
    function::unreachable = "No answer came from `1`: `2`";
    function::answer = "`1` answered `2`, and not as a Heliograph server does.";
    function::refused = "`1` (`2`)"],
  {HeliographUpload, HeliographDelete, HeliographImages}];

HeliographUpload::text = "The string `1` is not published as it stands: say File[\"...\"] or URL[\"...\"], or draw it \
yourself.";
HeliographUpload::nofile = "There is no file `1` that can be read.";
HeliographUpload::draw = "This could not be drawn as an image: `1`";
HeliographUpload::export = "The image could not be written as PNG.";
HeliographDelete::name = "`1` names no image.";

Begin["`Private`"];

Get[FileNameJoin[{DirectoryName[$InputFileName], If[Names["System`URLRead"] === {}, "Curl.wl", "URLRead.wl"]}]];

(* The functions of the package. Whatever fails on the way tells its message and gives $Failed. *)

HeliographUpload[thing_, options___?OptionQ] := told[HeliographUpload, upload[thing, chosen[HeliographUpload, options]]];
HeliographUpload[___] := told[HeliographUpload, fail["arguments"]];

HeliographDelete[image_, options___?OptionQ] := told[HeliographDelete, delete[image, chosen[HeliographDelete, options]]];
HeliographDelete[___] := told[HeliographDelete, fail["arguments"]];

HeliographImages[options___?OptionQ] := told[HeliographImages, listed[Infinity, chosen[HeliographImages, options]]];
HeliographImages[most_Integer?Positive, options___?OptionQ] :=
  told[HeliographImages, listed[most, chosen[HeliographImages, options]]];
HeliographImages[___] := told[HeliographImages, fail["arguments"]];

SetAttributes[told, HoldRest];
told[function_, work_] := Module[{result = Catch[work, failing]},
  If[Head[result] === failure,
    With[{name = First[result]}, Message[MessageName[function, name], Sequence @@ Rest[List @@ result]]];
    $Failed,
    result]];

fail[name_, details___] := Throw[failure[name, details], failing];

(* Options by name, whether that is written as a string or as a symbol, by themselves or in lists. *)
chosen[function_, options___] := Module[{known = Map[byName, Options[function]], given = Map[byName, Flatten[{options}]], unknown},
  unknown = Complement[Map[First, given], Map[First, known]];
  If[unknown =!= {}, fail["option", First[unknown], StringRiffle[Map[First, known], ", "]]];
  record[Join[known, given]]];

byName[_[name_Symbol, value_]] := SymbolName[name] -> value;
byName[_[name_, value_]] := name -> value;

(* Apply, because Mathics3 holds the argument of Association. *)
record[rules_] := Association @@ rules;

(* Uploading. *)

upload[thing_, options_] := Module[{fields, known, boundary, headers},
  fields = Join[picture[thing, options], texts[options]];
  known = digest[utf8[StringJoin[Map[{First[#], digest[Last[#]]} &, fields]]]];
  boundary = "heliograph-" <> known;
  headers = Join[{"Content-Type" -> "multipart/form-data; boundary=" <> boundary}, sameAgain[known, options]];
  published[call["POST", "images", options, headers, multipart[fields, boundary]], options]];

(* What is shown: a list of one field, {name, bytes}, or of two where a file's name is known. *)
picture[thing_, options_] := Switch[thing,
  System`URL[_String], {{"url", utf8[First[thing]]}},
  File[_String], {{"image", read[First[thing]]}, {"name", utf8[FileNameTake[First[thing]]]}},
  _ByteArray, {{"image", Normal[thing]}},
  _Image, {{"image", png[thing]}},
  _String, fail["text", thing],
  _File | _System`URL | $Failed, fail["arguments"],
  _, {{"image", png[drawn[thing, options]]}}];

read[path_] := Module[{stream, bytes},
  stream = If[FileExistsQ[path] && !DirectoryQ[path], Quiet[OpenRead[path, BinaryFormat -> True]], $Failed];
  If[Head[stream] =!= InputStream, fail["nofile", path]];
  bytes = BinaryReadList[stream];
  Close[stream];
  bytes];

(* The only use of Rasterize. An interpreter that cannot draw gives no image. *)
drawn[expression_, options_] := Module[{size, image},
  size = DeleteCases[{System`ImageResolution -> options["ImageResolution"], System`RasterSize -> options["RasterSize"]},
    _ -> Automatic];
  image = Quiet[Rasterize[expression, "Image", Sequence @@ size]];
  If[Head[image] =!= Image, fail["draw", "this interpreter cannot rasterise it."]];
  image];

png[image_] := Module[{folder = CreateDirectory[], path, bytes},
  path = FileNameJoin[{folder, "image.png"}];
  bytes = If[Quiet[Export[path, writable[image], "PNG"]] === $Failed, $Failed, read[path]];
  DeleteDirectory[folder, DeleteContents -> True];
  If[bytes === $Failed, fail["export"], bytes]];

texts[options_] := DeleteCases[
  Map[text[#, options] &, {"Title" -> "title", "Description" -> "description", "AltText" -> "alt"}], None];

text[option_ -> field_, options_] := With[{value = options[option]}, Which[
  value === None, None,
  StringQ[value], {field, utf8[value]},
  True, fail["value", option]]];

(* A body is a list of pieces, each a list of bytes: where these are not packed, copying a picture takes long. *)
multipart[fields_, boundary_] := Append[
  Join @@ Map[part[#, boundary] &, fields],
  utf8["--" <> boundary <> "--" <> newline]];

(* A picture has a file name, whatever it is: then it is bytes to the server, even where they look like text. *)
part[{name_, bytes_}, boundary_] := {
  utf8["--" <> boundary <> newline <> "Content-Disposition: form-data; name=\"" <> name <> "\""
    <> If[name === "image", "; filename=\"image\"", ""] <> newline <> newline],
  bytes,
  utf8[newline]};

newline = FromCharacterCode[{13, 10}];
utf8[text_] := ToCharacterCode[text, "UTF8"];
digest[bytes_] := IntegerString[Hash[FromCharacterCode[bytes], "SHA256"], 16, 64];

(* The same picture with the same texts gives an account the same link again (docs/client.md). Without an account such
   a key would give a stranger behind the same address the delete hash, so there is none. *)
sameAgain[known_, options_] := If[keyOf[options] === None, {},
  {"Idempotency-Key" -> "content-" <> known, "Idempotency-By" -> "content"}];

(* Removing. *)

delete[image_, options_] := (call["DELETE", "images/" <> named[image], whereItIs[image, options]];);

(* An image that was published or listed here knows its server. *)
whereItIs[HeliographImage[answer_Association], options_] := If[options["Server"] === Automatic,
  Join[options, record[{"Server" -> answer["server"]}]],
  options];
whereItIs[_, options_] := options;

named[HeliographImage[answer_Association]] := If[StringQ[answer["delete_hash"]], answer["delete_hash"], answer["id"]];
named[text_String] := Module[{parts = StringSplit[text, {"/", "?", "#"}], name},
  name = If[parts === {}, "", First[Append[StringSplit[Last[parts], "."], ""]]];
  If[name === "" || !StringMatchQ[name, (LetterCharacter | DigitCharacter) ..], fail["name", text]];
  name];
named[other_] := fail["name", other];

(* Listing, page by page. *)

listed[most_, options_] := Module[{found = {}, cursor = "", page, query = text["Query" -> "q", options]},
  If[keyOf[options] === None, fail["nokey"]];
  While[StringQ[cursor] && Length[found] < most,
    page = record[call["GET", "images?limit=" <> ToString[Min[100, most - Length[found]]]
      <> If[query === None, "", "&q=" <> percent[Last[query]]]
      <> If[cursor === "", "", "&cursor=" <> percent[utf8[cursor]]], options]];
    found = Join[found, page["images"]];
    cursor = page["next"]];
  Map[published[#, options] &, found]];

percent[bytes_] := StringJoin[Map["%" <> ToUpperCase[IntegerString[#, 16, 2]] &, bytes]];

(* One request. What is answered is JSON as Import gives it, objects as lists of rules. *)

call[method_, path_, options_, headers_: {}, body_: {}] := Module[{server, key, status, answer},
  server = serverOf[options];
  key = keyOf[options];
  {status, answer} = send[method, server <> "/api/v1/" <> path,
    Join[If[key === None, {}, {"Authorization" -> "Bearer " <> key}], headers], body];
  Which[
    status === 0, fail["unreachable", server, answer],
    200 <= status < 300 && answer =!= $Failed, answer,
    MatchQ[answer, {__Rule}], refused[record[answer], server, status],
    True, fail["answer", server, status]]];

(* Problem details, RFC 9457; `name` is Heliograph's own. *)
refused[problem_, server_, status_] := If[StringQ[problem["detail"]] && StringQ[problem["name"]],
  fail["refused", problem["detail"], problem["name"]],
  fail["answer", server, status]];

serverOf[options_] := Module[{address},
  address = firstSet[{options["Server"], $HeliographServer, Environment["HELIOGRAPH_URL"], "http://127.0.0.1:8750"}];
  If[!sendable[address] || !StringMatchQ[address, ("http://" | "https://") ~~ __], fail["server", address]];
  StringReplace[address, "/" .. ~~ EndOfString -> ""]];

keyOf[options_] := Module[{key},
  key = firstSet[{options["Key"], $HeliographKey, Environment["HELIOGRAPH_KEY"], ""}];
  Which[key === "" || key === None, None, sendable[key], key, True, fail["key"]]];

firstSet[candidates_] := First[DeleteCases[candidates, Automatic | $Failed]];
sendable[text_] := StringQ[text] && AllTrue[ToCharacterCode[text], 33 <= # <= 126 &];

(* A published image: its answer, and the server that gave it. *)

published[answer : {__Rule}, options_] := HeliographImage[record[Append[answer, "server" -> serverOf[options]]]];
published[_, options_] := fail["answer", serverOf[options], "no image"];

properties = {"Link" -> "link", "Page" -> "page", "ID" -> "id", "Title" -> "title", "Description" -> "description",
  "AltText" -> "alt", "Name" -> "name", "Width" -> "width", "Height" -> "height", "MediaType" -> "media_type",
  "Size" -> "size", "SHA256" -> "sha256", "Created" -> "created", "DeleteLink" -> "delete_link",
  "DeleteHash" -> "delete_hash", "Receipt" -> "receipt", "Server" -> "server"};

HeliographImage[_Association]["Properties"] := Join[{"Markdown", "HTML", "Thumbnails"}, Map[First, properties]];
HeliographImage[answer_Association]["Markdown"] :=
  "![" <> escaped[words[answer], markdownSpecial] <> "](" <> answer["link"] <> ")";
HeliographImage[answer_Association]["HTML"] := StringJoin[
  "<img src=\"", escaped[answer["link"], htmlSpecial], "\" alt=\"", escaped[words[answer], htmlSpecial],
  "\" width=\"", ToString[answer["width"]], "\" height=\"", ToString[answer["height"]], "\">"];
HeliographImage[answer_Association]["Thumbnails"] := record[answer["thumbnails"]];
HeliographImage[answer_Association][property_String] := Module[{field = property /. properties},
  If[MemberQ[Keys[answer], field] && answer[field] =!= Null, answer[field], Missing["NotAvailable", property]]];

(* The alt text, else the title, on one line. *)
words[answer_] := StringRiffle[StringSplit[First[Select[{answer["alt"], answer["title"], ""}, StringQ]]], " "];
escaped[text_, special_] := StringReplace[text, special];

(* CommonMark 0.31: backslash escapes and entities. *)
htmlSpecial = {"&" -> "&amp;", "<" -> "&lt;", ">" -> "&gt;", "\"" -> "&quot;"};
markdownSpecial = Join[{"\\" -> "\\\\", "`" -> "\\`", "*" -> "\\*", "_" -> "\\_", "[" -> "\\[", "]" -> "\\]"},
  Take[htmlSpecial, 3]];

(* It shows its link; what removes it is shown to who asks. *)
Format[HeliographImage[answer_Association]] := "HeliographImage[<" <> answer["link"] <> ">]";

End[];
EndPackage[];
