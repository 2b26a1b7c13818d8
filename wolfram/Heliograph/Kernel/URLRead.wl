(* ::Package:: *)

(* What only Wolfram's own interpreter has: the transport by URLRead, the look in a notebook, and the palette's button. Loaded
   by Heliograph.wl into its private context. *)

(* send[method, url, headers, body] asks the server. headers: rules of strings; body: a list of lists of bytes, {} for none.
   Gives {status, answer}: the HTTP status, and the answer's JSON as Import reads it (objects are lists of rules), None where
   it is empty, $Failed where it is no JSON; {0, why} where no answer came. Redirects are answers: the key goes to no other
   server. So is 401: without Interactive -> False a wrong key would have the front end ask for a user's name and password. *)
send[method_, url_, headers_, body_] := Module[{answer},
  answer = Quiet[URLRead[HTTPRequest[url, request[method, headers, body]], {"StatusCode", "BodyByteArray"},
    FollowRedirects -> False, Interactive -> False, TimeConstraint -> 300]];
  If[AssociationQ[answer], {answer["StatusCode"], json[answer["BodyByteArray"]]}, {0, why[answer]}]];

request[method_, headers_, body_] := Join[
  <|Method -> method, "Headers" -> DeleteCases[headers, "Content-Type" -> _]|>,
  If[body === {}, <||>, <|"Body" -> ByteArray[Join @@ body], "ContentType" -> Lookup[headers, "Content-Type"]|>]];

json[bytes_] := If[Length[bytes] === 0, None, Quiet[ImportByteArray[bytes, "JSON"]]];

(* Export takes every Image as it is. *)
writable[image_] := image;

why[failure_Failure] := TextString[failure["Message"]];
why[_] := "the request failed.";

(* In a notebook an image is its link, and still itself when it is copied into an input, but for what removes it: a notebook
   is given away with all that its output cells hold. *)
Format[HeliographImage[answer_Association], StandardForm] :=
  With[{given = KeyDrop[answer, {"delete_hash", "delete_link"}]},
    Interpretation[Hyperlink[answer["link"]], HeliographImage[given]]];

(* What is selected is drawn as it is shown; nothing of it is evaluated. *)
HeliographPublishSelection[] := With[{selected = NotebookRead[InputNotebook[]]},
  If[MatchQ[selected, {} | $Failed],
    MessageDialog["Select what is to be published first."],
    copied[HeliographUpload[Rasterize[shown[selected], "Image", ImageResolution -> 144]]]]];

copied[image_HeliographImage] := (
  CopyToClipboard[image["Markdown"]];
  MessageDialog[Column[{"Copied:", image["Markdown"]}]]);
copied[_] := MessageDialog["It was not published: the window of messages says why."];

shown[cell_Cell] := cell;
shown[cells : {__Cell}] := Notebook[cells];
shown[boxes_] := RawBoxes[boxes];
