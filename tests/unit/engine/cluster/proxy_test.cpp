// The two heads of a proxied request, and the state that people see.
#include <catch2/catch_all.hpp>

#include "engine/cluster/body_reader.h"
#include "engine/cluster/proxy.h"
#include "engine/cluster/sessions.h"

using namespace engine;
using Catch::Matchers::ContainsSubstring;

namespace {

ClusterAccess cluster() {
  ClusterAccess access;
  access.host = "10.96.0.1";
  access.token = "ours";
  return access;
}

Request get(std::string target) {
  Request request;
  request.method = "GET";
  request.target = std::move(target);
  request.peer = "192.0.2.7";
  request.headers.add("Host", "p.example");
  request.user.name = "u-abc12";
  request.user.groups = {"system:authenticated", "team a"};
  request.user.extra = {{"scopes/x", {"v"}}};
  return request;
}

}  // namespace

TEST_CASE("the path after the cluster goes on as received") {
  const auto path = split_proxy_target("/k8s/clusters/c-abc12/api/v1/a%2fb?watch=1");
  REQUIRE(path);
  CHECK(path->cluster == "c-abc12");
  CHECK(path->rest == "/api/v1/a%2fb?watch=1");
  CHECK(split_proxy_target("/k8s/clusters/local")->rest == "/");
  CHECK(split_proxy_target("/k8s/clusters/local?x=1")->rest == "?x=1");
  CHECK_FALSE(split_proxy_target("/k8s/clusters/"));
  CHECK_FALSE(split_proxy_target("/k8s/clusters/../x"));
  CHECK_FALSE(split_proxy_target("/k8s/clusters/C%2f/x"));
  CHECK_FALSE(split_proxy_target("/api"));
}

TEST_CASE("upstream goes the user, our credential, and nothing that claims an identity") {
  Request request = get("/k8s/clusters/c-1/api?x=1");
  request.headers.add("Authorization", "Bearer user's");
  request.headers.add("Cookie", "R_SESS=x");
  request.headers.add("X-Remote-User", "root");
  request.headers.add("X-Forwarded-User", "root");
  request.headers.add("X-Forwarded-For", "1.1.1.1");
  request.headers.add("Connection", "close, X-Secret-Hop");
  request.headers.add("X-Secret-Hop", "1");
  request.headers.add("TE", "trailers");
  request.headers.add("Accept", "application/json;as=Table");
  const auto path = split_proxy_target(request.target);
  const auto head = upstream_head(request, *path, {request.user, {"g2"}}, cluster());
  REQUIRE(head);
  CHECK(head->target == "/api?x=1");
  const Headers& sent = head->headers;
  CHECK(sent.get("Authorization") == "Bearer ours");
  CHECK(sent.all("Authorization").size() == 1);
  CHECK(sent.get("Impersonate-User") == "u-abc12");
  CHECK(sent.all("Impersonate-Group") ==
        std::vector<std::string_view>{"system:authenticated", "team a", "g2"});
  CHECK(sent.get("Impersonate-Extra-scopes%2Fx") == "v");
  CHECK(sent.get("X-Forwarded-For") == "192.0.2.7");
  CHECK(sent.get("Accept") == "application/json;as=Table");
  for (const auto name : {"Cookie", "X-Remote-User", "X-Forwarded-User", "Connection", "TE",
                          "X-Secret-Hop", "Host"}) {
    CHECK_FALSE(sent.has(name));
  }
}

TEST_CASE("a claim of another identity is refused, whatever its spelling") {
  for (const auto name : {"Impersonate-User", "impersonate-group", "IMPERSONATE-EXTRA-a"}) {
    Request request = get("/k8s/clusters/c-1/api");
    request.headers.add(name, "somebody");
    const auto path = split_proxy_target(request.target);
    const auto head = upstream_head(request, *path, {request.user, {}}, cluster());
    REQUIRE_FALSE(head);
    CHECK(head.error().code() == 403);
  }
  Request request = get("/k8s/clusters/c-1/api");
  request.user.name = "a\r\nImpersonate-User: admin";
  const auto path = split_proxy_target(request.target);
  CHECK_FALSE(upstream_head(request, *path, {request.user, {}}, cluster()));
}

TEST_CASE("an upgrade is passed on, the token in its subprotocols is not") {
  Request request = get("/k8s/clusters/c-1/api/v1/namespaces/a/pods/b/exec?command=sh");
  request.headers.add("Connection", "keep-alive, Upgrade");
  request.headers.add("Upgrade", "websocket");
  request.headers.add("Sec-WebSocket-Protocol",
                      "base64url.bearer.authorization.k8s.io.AAAA, v5.channel.k8s.io");
  const auto path = split_proxy_target(request.target);
  const auto head = upstream_head(request, *path, {request.user, {}}, cluster());
  REQUIRE(head);
  CHECK(head->upgrade);
  CHECK(head->headers.get("Upgrade") == "websocket");
  CHECK(head->headers.get("Connection") == "Upgrade");
  CHECK(head->headers.get("Sec-WebSocket-Protocol") == "v5.channel.k8s.io");
}

TEST_CASE("downstream comes the answer, framed for the client, without power over our origin") {
  const Request request = get("/k8s/clusters/c-1/api");
  const auto path = split_proxy_target(request.target);
  Response answer;
  answer.headers.add("Content-Type", "application/json");
  answer.headers.add("Set-Cookie", "R_SESS=theirs");
  answer.headers.add("Transfer-Encoding", "chunked");
  answer.headers.add("Audit-Id", "7");
  auto head = downstream_head(request, *path, answer, cluster());
  REQUIRE(head);
  CHECK(head->body == ProxyBody::chunked);
  CHECK_THAT(head->bytes, ContainsSubstring("Audit-Id: 7\r\n"));
  CHECK_THAT(head->bytes, ContainsSubstring("Transfer-Encoding: chunked\r\n"));
  CHECK_THAT(head->bytes, ContainsSubstring("Content-Security-Policy: sandbox\r\n"));
  CHECK_THAT(head->bytes, !ContainsSubstring("Set-Cookie"));
  answer.headers.add("Content-Length", "2");
  head = downstream_head(request, *path, answer, cluster());
  CHECK(head->body == ProxyBody::length);
  answer.status = 204;
  CHECK(downstream_head(request, *path, answer, cluster())->body == ProxyBody::none);
}

TEST_CASE("a redirect stays below the cluster or is refused, a refused credential is ours to fix") {
  const Request request = get("/k8s/clusters/c-1/api");
  const auto path = split_proxy_target(request.target);
  const auto location = [&](std::string value) {
    Response answer;
    answer.status = 307;
    answer.headers.add("Location", std::move(value));
    return downstream_head(request, *path, answer, cluster());
  };
  CHECK_THAT(location("/api/v1/x/")->bytes,
             ContainsSubstring("Location: /k8s/clusters/c-1/api/v1/x/\r\n"));
  CHECK_THAT(location("https://10.96.0.1/a")->bytes,
             ContainsSubstring("Location: /k8s/clusters/c-1/a\r\n"));
  CHECK_FALSE(location("https://evil.example/a"));
  CHECK_FALSE(location("//evil.example/a"));
  CHECK_FALSE(location("javascript:alert(1)"));
  CHECK_FALSE(location("../../../v3/tokens"));
  Response refused;
  refused.status = 401;
  const auto head = downstream_head(request, *path, refused, cluster());
  REQUIRE_FALSE(head);
  CHECK(head.error().code() == 502);
  CHECK_THAT(status_response(head.error(), "GET"), ContainsSubstring("HTTP/1.1 502"));
}

TEST_CASE("states say what they wait for and since when") {
  const WallTime now = *parse_rfc3339("2026-11-24T06:00:00Z");
  Json cluster =
      Json::object({{"metadata", Json::object({{"creationTimestamp", "2026-11-24T05:00:00Z"}})}});
  ClusterLink link;
  auto state = cluster_state(cluster, link, now);
  CHECK(state.state == "pending");
  CHECK_THAT(state.message, ContainsSubstring("2026-11-24T05:00:00Z"));
  link.way = ClusterLink::Way::tunnel;
  link.open = true;
  link.since = now;
  CHECK(cluster_state(cluster, link, now).state == "waiting");
  CHECK(set_condition(cluster, {"Pending", "True", "", ""}, now));
  CHECK(set_condition(cluster, {"Waiting", "True", "", ""}, now));
  CHECK_FALSE(set_condition(cluster, {"Waiting", "True", "", ""}, now));
  set_condition(cluster, {"Ready", "True", "", ""}, now);
  link.heartbeat = now - std::chrono::seconds(14);
  CHECK(cluster_state(cluster, link, now).state == "active");
  // Another heartbeat in time shows nothing new; one that stays out does.
  ClusterLink beaten = link;
  beaten.heartbeat = now;
  CHECK(way_number(beaten, now) == way_number(link, now));
  CHECK(way_number(link, now) != way_number(link, now + std::chrono::seconds(2)));
  ClusterLink troubled = link;
  troubled.problem = "connection refused";
  CHECK(way_number(troubled, now) == way_number(link, now));
  const WallTime lost = now + std::chrono::seconds(2);
  CHECK(way_number(troubled, lost) != way_number(link, lost));
  // Nothing was written; only time has passed.
  const WallTime later = now + std::chrono::seconds(2);
  state = cluster_state(cluster, link, later);
  CHECK(state.state == "unavailable");
  CHECK_THAT(state.message, ContainsSubstring("2026-11-24T05:59:46Z"));
  show_connection(cluster, link, later);
  CHECK(find_condition(cluster, "Connected")->str("status") == "False");
  CHECK(find_condition(cluster, "Ready")->str("status") == "False");
  link.heartbeat = later;
  show_connection(cluster, link, later);
  CHECK(find_condition(cluster, "Ready")->str("status") == "True");
  cluster["metadata"].set("deletionTimestamp", "2026-11-24T06:00:00Z");
  CHECK(cluster_state(cluster, link, later).state == "removing");
}

TEST_CASE("a streaming body ends where it says, byte by byte or at once") {
  const auto read = [](std::string name, std::string value, std::string_view bytes, size_t step) {
    Request request;
    request.headers.add(std::move(name), std::move(value));
    auto reader = BodyReader::of(request);
    REQUIRE(reader);
    REQUIRE(*reader);
    std::string body;
    for (size_t at = 0; at < bytes.size(); at += step) {
      const auto fed =
          (*reader)->feed(bytes.substr(at, step), [&](std::string_view part) { body += part; });
      if (!fed) return std::string("refused");
    }
    return body + ((*reader)->done() ? "" : " and more");
  };
  for (const size_t step : {1, 2, 3, 1000}) {
    CHECK(read("Content-Length", "5", "helloGET / HTTP/1.1", step) == "hello");
    CHECK(read("Content-Length", "9", "hello", step) == "hello and more");
    CHECK(read("Transfer-Encoding", "chunked", "3\r\nhel\r\n2;a=b\r\nlo\r\n0\r\nT: x\r\n\r\nGET",
               step) == "hello");
    CHECK(read("Transfer-Encoding", "chunked", "3\r\nhello\r\n", step) == "refused");
    CHECK(read("Transfer-Encoding", "chunked", "3\nhel", step) == "refused");
    CHECK(read("Transfer-Encoding", "chunked", "-1\r\n", step) == "refused");
    CHECK(read("Transfer-Encoding", "chunked", "fffffffffff\r\n", step) == "refused");
  }
  Request none;
  CHECK_FALSE(*BodyReader::of(none));
  none.headers.add("Content-Length", "x");
  CHECK_FALSE(BodyReader::of(none));
}
