(* ::Package:: *)

(* The transport where there is no URLRead: the program curl, as Mathics3 10.0.1 can run it. Loaded by Heliograph.wl into its
   private context. *)

(* send[method, url, headers, body] asks the server. headers: rules of strings; body: a list of lists of bytes, {} for none.
   Gives {status, answer}: the HTTP status, and the answer's JSON as Import reads it (objects are lists of rules), None where
   it is empty, $Failed where it is no JSON; {0, why} where no answer came. *)
send[method_, url_, headers_, body_] := Module[{folder = CreateDirectory[], result},
  write[inside[folder, "settings"], {utf8[StringJoin[settings[method, url, headers, body]]]}];
  write[inside[folder, "body"], body];
  (* Mathics3 10.0.1 puts its command in quotes before the shell reads it, so that it is one word: what is in $() is run
     all the same. Names of folders that CreateDirectory makes need no quotes. *)
  Run["$(cd " <> folder <> "; curl --config settings > status 2> why; echo true)"];
  result = answered[folder];
  DeleteDirectory[folder, DeleteContents -> True];
  result];

(* Mathics3 10.0.1 ends with an error of Python where it is to export an Image of grey levels. *)
writable[image_] := ColorConvert[image, "RGB"];

inside[folder_, name_] := FileNameJoin[{folder, name}];

(* All that curl is told is in a file that only its owner reads: a command line with a key could be seen by all. *)
settings[method_, url_, headers_, body_] := Join[
  {setting["url", url], setting["request", method], setting["output", "answer.json"],
    setting["write-out", "%{http_code}"], setting["connect-timeout", "10"], setting["max-time", "300"],
    "silent\nshow-error\ngloboff\n"},
  Map[setting["header", First[#] <> ": " <> Last[#]] &, headers],
  If[body === {}, {}, {setting["data-binary", "@body"]}]];

setting[name_, value_] := name <> " = \"" <> StringReplace[value, {"\\" -> "\\\\", "\"" -> "\\\""}] <> "\"\n";

write[path_, pieces_] := Module[{stream = OpenWrite[path, BinaryFormat -> True]},
  Scan[BinaryWrite[stream, #] &, pieces];
  Close[stream]];

answered[folder_] := Module[{status = ReadList[inside[folder, "status"], String]},
  If[MatchQ[status, {_String}] && First[status] =!= "000",
    {FromDigits[First[status]], json[inside[folder, "answer.json"]]},
    {0, StringRiffle[ReadList[inside[folder, "why"], String], " "]}]];

json[path_] := If[!FileExistsQ[path] || FileByteCount[path] === 0, None, Quiet[Import[path, "JSON"]]];
