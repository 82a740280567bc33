/** The report: shows what Python wrote into the page. */

import { readContent } from "./content";
import { S } from "./strings";
import { mount } from "./viewer";

const root = document.getElementById("viewer");
const content = readContent(document.getElementById("result")?.textContent);
if (root !== null) mount(root, content);
if (content !== null) document.title = S.title(content.result.media.name);
