PacletObject[<|
  "Name" -> "Heliograph",
  "Version" -> "0.1.0",
  "WolframVersion" -> "12.1+",
  "License" -> "Apache-2.0",
  "Description" -> "From a graphic to a link that stays: publishes on a Heliograph image host",
  "Extensions" -> {
    {"Kernel", "Root" -> "Kernel", "Context" -> "Heliograph`"},
    {"FrontEnd", "Root" -> "FrontEnd"}
  }
|>]
