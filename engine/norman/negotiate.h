// Negotiation: in which form a request's body comes and its answer goes: JSON, YAML, or a page for
// a browser. The page is plain HTML of the same answer, its links to be followed; a script from the
// program adds filters, forms and actions. Thread: any. Owns: nothing.
#pragma once

#include <optional>

#include "engine/base/http.h"
#include "engine/base/json.h"

namespace engine {

enum class AnswerForm : uint8_t { json, yaml, html };

// What the Accept header likes best; 406 when it takes none of what there is.
Result<AnswerForm> answer_form(const Request& request);
// The body as JSON, which may be YAML; 415 for another type, 422 for what does not parse.
Result<Json> parse_body(const Request& request);

// A JSON answer in another form; other answers as they are. `schemas` is where the surface has its
// schemas.
Response in_form(AnswerForm form, const Request& request, Response answer);
// The answer with its parts, if it has any, in its body.
Response in_one_body(Response answer);

// The page's script or style; nullopt for any other path.
std::optional<Response> ui_asset(std::string_view path);

// A page for the JSON of an answer. Links to the same host are links.
std::string html_page(std::string_view path, std::string_view base, std::string_view schemas,
                      const Json& answer);

}  // namespace engine
