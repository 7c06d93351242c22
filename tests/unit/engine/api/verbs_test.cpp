#include <zlib.h>

#include <catch2/catch_all.hpp>

#include "engine/api/compress.h"
#include "tests/support/api_world.h"

using namespace engine;
using tests::ApiWorld;
using tests::Asked;

namespace {

const std::string kMaps = "/api/v1/namespaces/default/configmaps";

std::string map_body(const std::string& name, const std::string& more = "") {
  return R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":")" + name + "\"" + more +
         R"(},"data":{"k":"v"}})";
}

Asked post(std::string target, std::string body) {
  return {"POST", std::move(target), std::move(body), {{"Content-Type", "application/json"}}};
}

std::string unzipped(const std::string& text) {
  z_stream stream{};
  REQUIRE(inflateInit2(&stream, 15 + 16) == Z_OK);
  std::string out(8u << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  CHECK(inflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

}  // namespace

TEST_CASE("an object goes in, comes out, changes and goes", "[api]") {
  ApiWorld w;
  auto made = w.call(post(kMaps, map_body("a")));
  REQUIRE(made.status == 201);
  auto object = *parse_json(made.body);
  auto got = w.call({.target = kMaps + "/a"});
  CHECK(got.status == 200);
  CHECK(got.body == made.body);
  CHECK(got.headers.get("Content-Type") == "application/json");

  object.make({"data", "k"}) = "w";
  auto put = w.call({"PUT", kMaps + "/a", dump(object), {}});
  CHECK(put.status == 200);
  CHECK(w.call({"PUT", kMaps + "/a", dump(object), {}}).status == 409);

  auto patched = w.call({"PATCH",
                         kMaps + "/a",
                         R"({"data":{"n":"1"}})",
                         {{"Content-Type", "application/merge-patch+json"}}});
  CHECK(patched.status == 200);
  CHECK(w.json({.target = kMaps + "/a"}).str({"data", "n"}) == "1");

  auto gone = w.json({"DELETE", kMaps + "/a", "", {}});
  CHECK(gone.str("status") == "Success");
  CHECK(gone.str({"details", "kind"}) == "configmaps");
  auto missing = w.call({.target = kMaps + "/a"});
  CHECK(missing.status == 404);
  CHECK(parse_json(missing.body)->str("message") == "configmaps \"a\" not found");
}

TEST_CASE("lists page through one revision", "[api][list]") {
  ApiWorld w;
  for (int i = 0; i < 25; ++i) w.call(post(kMaps, map_body("m" + std::to_string(i))));
  auto first = w.json({.target = kMaps + "?limit=10"});
  CHECK(first.find("items")->size() == 10);
  CHECK(first.integer({"metadata", "remainingItemCount"}) == 15);
  std::string token(first.str({"metadata", "continue"}));
  w.call(post(kMaps, map_body("zz")));
  auto second = w.json({.target = kMaps + "?limit=10&continue=" + token});
  CHECK(second.str({"metadata", "resourceVersion"}) == first.str({"metadata", "resourceVersion"}));
  token = second.str({"metadata", "continue"});
  auto third = w.json({.target = kMaps + "?limit=10&continue=" + token});
  CHECK(third.find("items")->size() == 5);
  CHECK_FALSE(third.at({"metadata", "continue"}));

  SECTION("a page of a revision that is gone is 410 with a way on") {
    for (int i = 0; i < 20; ++i) {  // more snapshots than are kept
      w.call(post(kMaps, map_body("y" + std::to_string(i))));
      w.call({.target = kMaps + "?limit=1"});
    }
    MUST(w.store.compact(MUST(w.store.current())));
    auto late = w.call({.target = kMaps + "?limit=10&continue=" + token});
    CHECK(late.status == 410);
    std::string on(parse_json(late.body)->str({"metadata", "continue"}));
    REQUIRE_FALSE(on.empty());
    CHECK(w.json({.target = kMaps + "?limit=100&continue=" + on}).find("items")->size() >= 5);
  }
  SECTION("a token that is none is 400") {
    CHECK(w.call({.target = kMaps + "?limit=1&continue=xyz"}).status == 400);
  }
  SECTION("selectors choose") {
    auto one = w.json({.target = kMaps + "?fieldSelector=metadata.name%3Dm3"});
    CHECK(one.find("items")->size() == 1);
    CHECK(w.call({.target = kMaps + "?labelSelector=a%3D%3D%3Db"}).status == 400);
  }
}

TEST_CASE("a long list goes out as its objects lie, and says the same", "[api][list]") {
  ApiWorld w;
  std::string value(60'000, 'v');
  for (int i = 0; i < 25; ++i)
    w.call(post(kMaps, R"({"metadata":{"name":"m)" + std::to_string(i) + R"("},"data":{"v":")" +
                           value + R"("}})"));
  auto plain = w.call({.target = kMaps});
  REQUIRE(plain.parts);
  std::string body = plain.body;
  for (const auto& part : plain.parts->list())
    body += (part == plain.parts->list().front() ? "" : plain.parts->between()) + *part;
  body += plain.parts->after();
  CHECK(plain.parts->bytes() + plain.body.size() == body.size());
  auto pretty = w.call({.target = kMaps + "?pretty=true"});
  REQUIRE_FALSE(pretty.parts);
  CHECK(MUST(parse_json(body)) == MUST(parse_json(pretty.body)));

  Request zipped;
  zipped.headers.add("Accept-Encoding", "gzip");
  compress_answer(zipped, plain);
  CHECK_FALSE(plain.parts);
  CHECK(unzipped(plain.body) == body);
}

TEST_CASE("resource versions of lists mean what upstream's do", "[api][list]") {
  ApiWorld w;
  auto first = *parse_json(w.call(post(kMaps, map_body("a"))).body);
  std::string revision(first.str({"metadata", "resourceVersion"}));
  w.call(post(kMaps, map_body("b")));
  auto count = [&](const std::string& query) {
    auto answer = w.call({.target = kMaps + "?" + query});
    auto body = *parse_json(answer.body);
    return answer.status == 200 ? static_cast<int>(body.find("items")->size()) : -answer.status;
  };
  CHECK(count("") == 2);
  CHECK(count("resourceVersion=0") == 2);
  CHECK(count("resourceVersion=" + revision) == 2);
  CHECK(count("resourceVersion=" + revision + "&resourceVersionMatch=NotOlderThan") == 2);
  CHECK(count("resourceVersion=" + revision + "&resourceVersionMatch=Exact") == 1);
  CHECK(count("resourceVersion=" + revision + "&limit=5") == 1);
  CHECK(count("resourceVersion=999999") == -504);
  CHECK(count("resourceVersion=999999&resourceVersionMatch=Exact") == -504);
  CHECK(count("resourceVersion=x") == -400);
  CHECK(count("resourceVersionMatch=Exact") == -422);
  CHECK(count("resourceVersion=0&resourceVersionMatch=Exact") == -422);
  CHECK(count("resourceVersion=1&resourceVersionMatch=Never") == -422);
  CHECK(count("sendInitialEvents=true") == -422);
  CHECK(count("limit=x") == -400);
}

TEST_CASE("what cannot be served is refused with the right code", "[api][errors]") {
  ApiWorld w;
  w.call(post(kMaps, map_body("a")));
  struct Row {
    Asked asked;
    int status;
    std::string text;
  };
  auto typed = [](std::string method, std::string target, std::string type, std::string body) {
    return Asked{std::move(method), std::move(target), std::move(body), {{"Content-Type", type}}};
  };
  const std::string kUnknownFormat =
      "the body of the request was in an unknown format - accepted media types include: ";
  std::vector<Row> rows = {
      {{.target = "/api/v1/nothings"}, 404, "the server could not find the requested resource"},
      {{.target = "/api/v1/namespaces/x/nodes"}, 404, ""},
      {{"PUT", kMaps, "{}", {}}, 405, ""},
      {post(kMaps + "/a", map_body("a")), 405, ""},
      {post(kMaps, ""), 400, "the object provided is unrecognized (must be of type ConfigMap)"},
      {post(kMaps, "{"), 400, ""},
      {post(kMaps, R"({"kind":"Secret","apiVersion":"v1"})"), 400,
       "cannot be handled as a ConfigMap"},
      {post(kMaps, R"({"kind":"ConfigMap","apiVersion":"v2"})"), 400,
       "the API version in the data (v2) does not match the expected API version (v1)"},
      {post(kMaps, map_body("b", R"(,"namespace":"other")")), 400, "namespace"},
      {{"PUT", kMaps + "/a", map_body("b"), {}},
       400,
       "the name of the object (b) does not match the name on the URL (a)"},
      {typed("POST", kMaps, "application/cbor", "k8s"), 415,
       kUnknownFormat + "application/json, application/yaml, application/vnd.kubernetes.protobuf"},
      {typed("POST", kMaps, "application/vnd.kubernetes.protobuf", "k8s"), 400, "envelope"},
      {typed("PATCH", kMaps + "/a", "text/plain", "{}"), 415,
       kUnknownFormat + "application/json-patch+json, application/merge-patch+json, "
                        "application/strategic-merge-patch+json, application/apply-patch+yaml"},
      {{.target = kMaps, .headers = {{"Accept", "application/vnd.kubernetes.protobuf"}}},
       406,
       "only the following media types are accepted: application/json, application/yaml"},
      {post(kMaps + "?dryRun=Some", map_body("c")), 422, "dryRun"},
      {post(kMaps + "?fieldValidation=Maybe", map_body("c")), 422, "fieldValidation"},
      {typed("PATCH", kMaps + "/a", "application/apply-patch+yaml", "{}"), 422, "fieldManager"},
      {typed("PATCH", kMaps + "/a?force=true", "application/merge-patch+json", "{}"), 422, "force"},
      {{"DELETE", kMaps + "/a?propagationPolicy=No", "", {}}, 422, "propagationPolicy"},
      {{.target = kMaps + "/a/log"}, 404, ""},
  };
  for (auto& row : rows) {
    auto answer = w.call(row.asked);
    CAPTURE(row.asked.method, row.asked.target, answer.body);
    CHECK(answer.status == row.status);
    auto status = parse_json(answer.body);
    REQUIRE(status);
    CHECK(status->str("kind") == "Status");
    CHECK(status->integer({"code"}) == row.status);
    CHECK_THAT(std::string(status->str("message")), Catch::Matchers::ContainsSubstring(row.text));
  }
}

TEST_CASE("a path of no kind answers as a web server, from which clients name the kind") {
  ApiWorld w;
  auto answer = w.call({.target = "/apis/none.io/v1/nothings"});
  CHECK(answer.status == 404);
  CHECK(answer.body == "404 page not found\n");
  CHECK(answer.headers.get("Content-Type") == "text/plain; charset=utf-8");
}

TEST_CASE("answers come in the form that was asked for", "[api][negotiate]") {
  ApiWorld w;
  w.call(post(kMaps, map_body("a")));
  auto get = [&](std::string accept, std::string query = "") {
    return w.call({.target = kMaps + "/a" + query, .headers = {{"Accept", accept}}});
  };
  CHECK(get("application/vnd.kubernetes.protobuf,application/json").headers.get("Content-Type") ==
        "application/json");
  CHECK(get("*/*").status == 200);
  auto yaml = get("application/yaml");
  CHECK(yaml.headers.get("Content-Type") == "application/yaml");
  CHECK_THAT(yaml.body, Catch::Matchers::ContainsSubstring("kind: ConfigMap\n"));
  CHECK_THAT(get("application/json", "?pretty=true").body,
             Catch::Matchers::StartsWith("{\n  \"kind\": \"ConfigMap\""));
  auto meta = *parse_json(get("application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1").body);
  CHECK(meta.str("kind") == "PartialObjectMetadata");
  CHECK(meta.str({"metadata", "name"}) == "a");
  CHECK_FALSE(meta.find("data"));
  auto list = w.call({.target = kMaps,
                      .headers = {{"Accept",
                                   "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;"
                                   "v=v1,application/json"}}});
  CHECK(parse_json(list.body)->str("kind") == "PartialObjectMetadataList");
}

TEST_CASE("a list can be a table", "[api][table]") {
  ApiWorld w;
  w.call(post(kMaps, map_body("a")));
  auto table = w.call({.target = kMaps,
                       .headers = {{"Accept",
                                    "application/json;as=Table;v=v1;g=meta.k8s.io,"
                                    "application/json;as=Table;v=v1beta1;g=meta.k8s.io,"
                                    "application/json"}}});
  auto rows = *parse_json(table.body);
  CHECK(rows.str("kind") == "Table");
  CHECK(rows.find("rows")->size() == 1);
}

TEST_CASE("a collection is deleted by selector", "[api]") {
  ApiWorld w;
  w.call(post(kMaps, map_body("a", R"(,"labels":{"x":"1"})")));
  w.call(post(kMaps, map_body("b")));
  auto gone = w.json({"DELETE", kMaps + "?labelSelector=x", "", {}});
  CHECK(gone.find("items")->size() == 1);
  CHECK(w.json({.target = kMaps}).find("items")->size() == 1);
}

TEST_CASE("unknown fields are warned of", "[api]") {
  ApiWorld w;
  auto made = w.call(post(kMaps, R"({"kind":"ConfigMap","apiVersion":"v1","dta":1,)"
                                 R"("metadata":{"name":"w"}})"));
  CHECK(made.status == 201);
  CHECK(made.headers.get("Warning") == "299 - \"unknown field \\\"dta\\\"\"");
}
