// Forms of requests and answers: JSON, YAML, and the page for browsers.
#include "engine/norman/negotiate.h"
#include "engine/base/yaml.h"
#include "tests/unit/engine/norman/server.h"

using namespace engine;
using tests::NormanServer;

namespace {

Headers header(std::string name, std::string value) {
  Headers out;
  out.add(std::move(name), std::move(value));
  return out;
}

Response raw(NormanServer& server, std::string method, std::string path, std::string_view token,
             std::string accept, std::string body = {}) {
  auto asked = server.request(std::move(method), std::move(path), token, std::move(body),
                              header("Accept", std::move(accept)));
  auto user = server.authenticator.authenticate(asked);
  if (user && *user) asked.user = **user;
  return in_one_body(std::get<Response>(tests::settled(server.norman->handle(asked))));
}

constexpr auto kBrowser =
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";

}  // namespace

SCENARIO("Accept chooses the form") {
  auto form = [](std::string accept) {
    Request request;
    request.method = "GET";
    if (!accept.empty()) request.headers.add("Accept", std::move(accept));
    auto found = answer_form(request);
    return found ? static_cast<int>(*found) : -1;
  };
  CHECK(form("") == 0);
  CHECK(form("*/*") == 0);
  CHECK(form("application/json") == 0);
  CHECK(form("application/yaml") == 1);
  CHECK(form("text/yaml, application/json;q=0.5") == 1);
  CHECK(form("application/yaml;q=0.1, application/json;q=0.5") == 0);
  CHECK(form(kBrowser) == 2);
  CHECK(form("application/xml") == -1);
  CHECK(form("application/json;q=0") == -1);
  CHECK(form(";;,,;q=x,") == -1);
}

SCENARIO("YAML comes and goes") {
  NormanServer server;
  std::string token = server.login();
  auto made = server.call("POST", "/v3/catalogs", token,
                          "name: books\nurl: https://example.com\npassword: secret\n",
                          header("Content-Type", "application/yaml"));
  REQUIRE(made.status == 201);
  auto yaml = raw(server, "GET", "/v3/catalogs/books", token, "application/yaml");
  CHECK(yaml.headers.get("Content-Type") == "application/yaml");
  CHECK(MUST(parse_yaml(yaml.body)) == server.call("GET", "/v3/catalogs/books", token).body);
  auto error = raw(server, "GET", "/v3/catalogs/none", token, "application/yaml");
  CHECK(error.status == 404);
  CHECK(MUST(parse_yaml(error.body)).str("code") == "NotFound");
  CHECK(
      server.call("POST", "/v3/catalogs", token, "a: [", header("Content-Type", "application/yaml"))
          .body.str("code") == "InvalidBodyContent");
  CHECK(server.call("POST", "/v3/catalogs", token, "<a/>", header("Content-Type", "text/xml"))
            .status == 415);
  CHECK(raw(server, "GET", "/v3/catalogs", token, "image/png").status == 406);
  auto exported = raw(server, "GET", "/v3/catalogs/books/exportyaml", token, "*/*");
  CHECK(exported.status == 200);
  CHECK(MUST(parse_yaml(exported.body)).str({"spec", "url"}) == "https://example.com");
  CHECK(exported.body.find("secret") == std::string::npos);
  CHECK(server.call("GET", "/v3/catalogs/books/nosuch", token).status == 404);
  auto users = server.call("GET", "/v3/users/" + server.admin_id + "/yaml", token);
  CHECK(users.status == 404);
}

SCENARIO("a browser gets a page of the same answer, and nothing in it runs") {
  NormanServer server;
  std::string token = server.login();
  const std::string evil = R"(</script><script>alert(1)</script>" onload="x)";
  auto made = server.call(
      "POST", "/v3/catalogs", token,
      dump(
          Json::object({{"name", "evil"}, {"url", "https://example.com"}, {"description", evil}})));
  REQUIRE(made.status == 201);
  auto page = raw(server, "GET", "/v3/catalogs/evil", token, kBrowser);
  CHECK(page.status == 200);
  CHECK(page.headers.get("Content-Type") == "text/html; charset=utf-8");
  std::string_view policy = page.headers.get("Content-Security-Policy");
  CHECK(policy.starts_with("default-src 'none'"));
  CHECK(policy.find("unsafe") == policy.npos);
  CHECK(page.body.find("<script>alert") == std::string::npos);
  CHECK(page.body.find("</script><script>") == std::string::npos);
  const std::string shown = page.body.substr(0, page.body.find("id=\"data\""));
  CHECK(shown.find("\" onload=") == std::string::npos);
  CHECK(page.body.find("<a href=\"https://paddock.test/v3/catalogs/evil\">") != std::string::npos);
  // What the script reads is the answer itself.
  auto from = page.body.find("id=\"data\">") + 10, to = page.body.find("</script>", from);
  CHECK(MUST(parse_json(std::string_view(page.body).substr(from, to - from))) ==
        server.call("GET", "/v3/catalogs/evil", token).body);
  // No other host is asked for anything.
  for (size_t at = 0; (at = page.body.find("src=\"", at)) != std::string::npos; ++at)
    CHECK(page.body.substr(at + 5, 1) == "/");
  // A page is only for looking: writes answer with data.
  CHECK(
      raw(server, "PUT", "/v3/catalogs/evil", token, kBrowser, "{}").headers.get("Content-Type") ==
      "application/json");
  auto nobody = raw(server, "GET", "/v3/catalogs", "", kBrowser);
  CHECK(nobody.status == 401);
  CHECK(nobody.body.find("Unauthorized") != std::string::npos);
  CHECK(nobody.headers.get("WWW-Authenticate").empty());
  for (std::string_view asset : {"/v3/-/ui.js", "/v3/-/ui.css"})
    CHECK(raw(server, "GET", std::string(asset), "", "*/*").status == 200);
}

SCENARIO("each answer says where the schemas of its place are") {
  NormanServer server;
  std::string token = server.login();
  for (auto [path, schemas] :
       {std::pair{"/v3/clusters", "/v3/schemas"}, std::pair{"/v3/nosuch", "/v3/schemas"},
        std::pair{"/v3/cluster/local/namespaces", "/v3/cluster/local/schemas"},
        std::pair{"/v3-public/authProviders", "/v3-public/schemas"}}) {
    auto reply = server.call("GET", path, token);
    CHECK(reply.headers.get("X-Api-Schemas") == "https://paddock.test" + std::string(schemas));
  }
}
