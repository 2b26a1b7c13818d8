(* Mathics3 asks by GET alone, so the picture goes in the query, as base64 that the language itself makes:
   mathics -f mathics.m PICTURE KEY *)
$IterationLimit = 10^6; (* a table has as many rows at most *)
{picture, key} = Take[$CommandLine, -2];
alphabet = Characters["ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"];
digits[{a_, b_, c_}] := alphabet[[1 + IntegerDigits[65536 a + 256 b + c, 64, 4]]];
size = FileByteCount[picture];
stream = OpenRead[picture, BinaryFormat -> True];
threes = Table[Table[BinaryRead[stream, "Byte"], {3}], {Quotient[size, 3]}];
rest = Table[BinaryRead[stream, "Byte"], {Mod[size, 3]}];
Close[stream];
last = If[rest === {}, {}, Take[digits[PadRight[rest, 3]], Length[rest] + 1]];
text = StringJoin[Join[Flatten[Map[digits, threes]], last]];
(* Import keeps the answer in a file named as the last part of the address, so that part is a short one. *)
answer = Import["http://api.imgur.com/2/upload.xml?key=" <> key <> "&image=" <> text <> "&title=/answer.xml", "XML"];
Print[Cases[answer, XMLElement["original", _, _], Infinity]];
