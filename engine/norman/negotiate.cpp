#include "engine/norman/negotiate.h"

#include <charconv>

#include "engine/base/text.h"
#include "engine/base/yaml.h"

extern "C" const char api_ui_js_begin[], api_ui_js_end[], api_ui_css_begin[], api_ui_css_end[];

namespace engine {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::string_view cut(std::string_view& rest, char sign) {
  size_t at = rest.find(sign);
  std::string_view out = rest.substr(0, at);
  rest.remove_prefix(at == rest.npos ? rest.size() : at + 1);
  return trimmed(out);
}

bool is_yaml(std::string_view type) {
  return type == "application/yaml" || type == "application/x-yaml" || type == "text/yaml" ||
         type == "text/x-yaml";
}

std::optional<AnswerForm> form_of(std::string_view type) {
  if (type == "application/json" || type == "*/*" || type == "application/*" ||
      type == "text/plain" || type.ends_with("+json"))
    return AnswerForm::json;
  if (is_yaml(type)) return AnswerForm::yaml;
  if (type == "text/html" || type == "application/xhtml+xml" || type == "text/*")
    return AnswerForm::html;
  return std::nullopt;
}

// In thousandths; what cannot be read counts as whole.
int quality_of(std::string_view parameters) {
  while (!parameters.empty()) {
    std::string_view one = cut(parameters, ';');
    if (!one.starts_with("q=")) continue;
    double value = 1;
    std::from_chars(one.data() + 2, one.data() + one.size(), value);
    return static_cast<int>(value * 1000);
  }
  return 1000;
}

Response plain_of(std::string_view type, const char* begin, const char* end) {
  Response out{.status = 200, .headers = {}, .body = std::string(begin, end)};
  out.headers.add("Content-Type", std::string(type));
  out.headers.add("Cache-Control", "no-cache");
  out.headers.add("X-Content-Type-Options", "nosniff");
  return out;
}

}  // namespace

Result<AnswerForm> answer_form(const Request& request) {
  std::string_view accept = request.headers.get("Accept");
  if (accept.empty()) return AnswerForm::json;
  std::optional<AnswerForm> best;
  int best_quality = 0;
  while (!accept.empty()) {
    std::string_view range = cut(accept, ',');
    std::string type = lower(cut(range, ';'));
    int quality = quality_of(range);
    auto form = form_of(type);
    // Pages are to be looked at: what changes something answers with data.
    if (form == AnswerForm::html && request.method != "GET") form = AnswerForm::json;
    if (!form || quality <= best_quality) continue;
    best = form;
    best_quality = quality;
  }
  if (best) return *best;
  return Status::other(406, "NotAcceptable",
                       "only application/json, application/yaml and text/html are there");
}

Result<Json> parse_body(const Request& request) {
  if (request.body.empty()) return Json::object();
  std::string_view header = request.headers.get("Content-Type");
  std::string type = lower(cut(header, ';'));
  const bool yaml = is_yaml(type);
  // Clients of a decade send JSON under many names; only what surely is none is refused.
  for (std::string_view other : {"application/xml", "text/xml", "multipart/form-data",
                                 "application/vnd.kubernetes.protobuf"})
    if (type == other)
      return Status::other(415, "UnsupportedMediaType",
                           "a body is application/json or application/yaml, not " + type);
  auto body = yaml ? parse_yaml(request.body) : parse_json(request.body);
  if (!body)
    return Status::other(422, "InvalidBodyContent",
                         "Failed to parse body: " + body.error().message());
  if (!body->is_object())
    return Status::other(
        422, "InvalidBodyContent",
        "Failed to parse body: an object is wanted, not " + std::string(body->type_name()));
  return body;
}

Response in_one_body(Response answer) {
  if (!answer.parts) return answer;
  const auto parts = std::move(answer.parts);
  answer.parts = nullptr;
  answer.body.reserve(answer.body.size() + parts->bytes());
  for (const auto& text : parts->list()) {
    if (&text != &parts->list().front()) answer.body += parts->between();
    answer.body += *text;
  }
  answer.body += parts->after();
  return answer;
}

Response in_form(AnswerForm form, const Request& request, Response answer) {
  if (form == AnswerForm::json || answer.body.empty()) return answer;
  if (answer.headers.get("Content-Type") != "application/json") return answer;
  answer = in_one_body(std::move(answer));
  auto json = parse_json(answer.body);
  if (!json) return answer;
  if (form == AnswerForm::yaml) {
    answer.body = to_yaml(*json);
    answer.headers.set("Content-Type", "application/yaml");
    return answer;
  }
  const std::string schemas(answer.headers.get("X-Api-Schemas"));
  std::string base;
  if (std::string_view host = request.headers.get("Host"); !host.empty())
    base = request.scheme + "://" + std::string(host);
  answer.body = html_page(request.path, base, schemas, *json);
  answer.headers.set("Content-Type", "text/html; charset=utf-8");
  answer.headers.set("Content-Security-Policy",
                     "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
                     "base-uri 'none'; form-action 'self'; frame-ancestors 'none'");
  answer.headers.set("X-Content-Type-Options", "nosniff");
  answer.headers.set("Referrer-Policy", "no-referrer");
  // A browser's own box for passwords would stand before the page's way to log in.
  answer.headers.remove("WWW-Authenticate");
  return answer;
}

std::optional<Response> ui_asset(std::string_view path) {
  if (path == "/v3/-/ui.js")
    return plain_of("text/javascript; charset=utf-8", api_ui_js_begin, api_ui_js_end);
  if (path == "/v3/-/ui.css")
    return plain_of("text/css; charset=utf-8", api_ui_css_begin, api_ui_css_end);
  return std::nullopt;
}

}  // namespace engine
