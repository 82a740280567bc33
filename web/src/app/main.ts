/** The page of the service. */

import "../viewer"; // its styles come first, this page's own build on them
import "./style/shell.css";
import "./style/recordings.css";
import "./style/recording.css";
import "./style/compare.css";
import "./style/live.css";

import { start } from "./shell";

const root = document.getElementById("app");
if (root !== null) void start(root);
