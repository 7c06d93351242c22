// What one side of a tunnel does with each message, and what it refuses.
#include <catch2/catch_all.hpp>

#include <map>

#include "engine/tunnel/peer_set.h"
#include "engine/tunnel/session.h"

using namespace engine;
using What = TunnelEvent::What;

namespace {

std::string text_of(const TunnelFrame& frame) {
  return frame.head + std::string(frame.payload);
}

struct Sent {
  TunnelType type;
  TunnelConnId conn;
  std::string body;
};

std::vector<Sent> drain(TunnelSession& session) {
  std::vector<Sent> all;
  TunnelFrame frame;
  while (session.next(frame)) {
    const std::string bytes = text_of(frame);
    const auto message = decode_tunnel_message(bytes);
    REQUIRE(message);
    all.push_back(
        {static_cast<TunnelType>(message->type), message->conn, std::string(message->body)});
  }
  return all;
}

std::string message(TunnelConnId conn, TunnelType type, std::string_view body = {}) {
  return encode_tunnel_message(1, conn, type, body);
}

std::string varint(int64_t value) {
  std::string out;
  append_varint(out, value);
  return out;
}

}  // namespace

TEST_CASE("the server dials, the agent hears of it, bytes go both ways, an end is an end") {
  TunnelSession server(TunnelSession::Role::server);
  TunnelSession agent(TunnelSession::Role::agent);
  const auto pump = [](TunnelSession& from, TunnelSession& to) {
    TunnelFrame frame;
    std::vector<TunnelEvent> events;
    while (from.next(frame)) {
      const std::string bytes = text_of(frame);
      REQUIRE(to.receive(bytes));
      for (auto& event : to.take_events()) {
        event.text += event.bytes;
        event.bytes = {};
        events.push_back(event);
      }
    }
    return events;
  };
  const auto id = server.connect("tcp", "127.0.0.1:6443");
  REQUIRE(id);
  CHECK(server.send(*id, "GET /"));
  auto heard = pump(server, agent);
  REQUIRE(heard.size() == 2);
  CHECK(heard[0].what == What::connect);
  CHECK(heard[0].text == "tcp/127.0.0.1:6443");
  CHECK(heard[1].what == What::data);
  CHECK(heard[1].text == "GET /");
  CHECK(agent.send(heard[0].conn, "200 OK"));
  agent.finish(heard[0].conn);
  heard = pump(agent, server);
  REQUIRE(heard.size() == 2);
  CHECK(heard[0].text == "200 OK");
  CHECK(heard[1].what == What::closed);
  CHECK(heard[1].text == "EOF");
  CHECK(server.size() == 0);
  CHECK(agent.size() == 0);
}

TEST_CASE("frames of busy connections take turns, and control overtakes data") {
  TunnelLimits limits;
  limits.frame_bytes = 10;
  TunnelSession server(TunnelSession::Role::server, limits);
  const auto bulk = server.connect("tcp", "a:1");
  const auto watch = server.connect("tcp", "a:1");
  REQUIRE(bulk);
  REQUIRE(watch);
  drain(server);
  server.send(*bulk, std::string(100, 'b'));
  server.send(*watch, "event");
  TunnelFrame frame;
  REQUIRE(server.next(frame));
  CHECK(frame.payload == std::string(10, 'b'));
  REQUIRE(server.next(frame));
  CHECK(frame.payload == "event");
  server.abort(*watch);
  const auto rest = drain(server);
  REQUIRE(rest.size() == 10);
  CHECK(rest[0].type == TunnelType::error);
  CHECK(rest[9].body == std::string(10, 'b'));
}

TEST_CASE("a peer that knows only Pause is paused by bytes, resumed when they are consumed") {
  TunnelLimits limits;
  limits.window_bytes = 100;
  limits.overrun_bytes = 300;
  TunnelSession server(TunnelSession::Role::server, limits);
  const auto id = server.connect("tcp", "a:1");
  REQUIRE(id);
  drain(server);
  REQUIRE(server.receive(message(*id, TunnelType::data, std::string(99, 'x'))));
  CHECK(drain(server).empty());
  REQUIRE(server.receive(message(*id, TunnelType::data, "y")));
  auto sent = drain(server);
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].type == TunnelType::pause);
  server.consumed(*id, 70);
  CHECK(drain(server).empty());
  server.consumed(*id, 10);
  sent = drain(server);
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].type == TunnelType::resume);
  server.take_events();
  // It goes on although it was told to stop: only this connection ends.
  REQUIRE(server.receive(message(*id, TunnelType::data, std::string(281, 'x'))));
  const auto events = server.take_events();
  REQUIRE(events.size() == 1);
  CHECK(events[0].what == What::closed);
  CHECK(drain(server).back().type == TunnelType::error);
}

TEST_CASE("Pause from the peer holds one connection, and send() says when to stop reading") {
  TunnelLimits limits;
  limits.send_queue_bytes = 100;
  TunnelSession agent(TunnelSession::Role::agent, limits);
  REQUIRE(agent.receive(message(9, TunnelType::connect, "tcp/a:1")));
  REQUIRE(agent.receive(message(10, TunnelType::connect, "tcp/a:1")));
  agent.take_events();
  drain(agent);
  REQUIRE(agent.receive(message(9, TunnelType::pause)));
  CHECK_FALSE(agent.send(9, std::string(100, 'x')));
  CHECK(agent.send(10, "free"));
  auto sent = drain(agent);
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].conn == 10);
  REQUIRE(agent.receive(message(9, TunnelType::resume)));
  sent = drain(agent);
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].body.size() == 100);
  const auto events = agent.take_events();
  REQUIRE(events.size() == 1);
  CHECK(events[0].what == What::writable);
}

TEST_CASE("between two of us the window is kept exactly") {
  TunnelLimits limits;
  limits.window_bytes = 1000;
  TunnelSession agent(TunnelSession::Role::agent, limits);
  REQUIRE(agent.receive(message(0, TunnelType::window, varint(1000))));
  REQUIRE(agent.receive(message(2, TunnelType::connect, "tcp/a:1")));
  drain(agent);
  agent.send(2, std::string(2500, 'x'));
  size_t bytes = 0;
  for (const auto& sent : drain(agent)) bytes += sent.body.size();
  CHECK(bytes == 1000);
  REQUIRE(agent.receive(message(2, TunnelType::window, varint(500))));
  bytes = 0;
  for (const auto& sent : drain(agent)) bytes += sent.body.size();
  CHECK(bytes == 500);
  // What it receives is granted back half a window at a time.
  REQUIRE(agent.receive(message(2, TunnelType::data, std::string(600, 'y'))));
  agent.consumed(2, 499);
  CHECK(drain(agent).empty());
  agent.consumed(2, 1);
  const auto sent = drain(agent);
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].type == TunnelType::window);
  CHECK(sent[0].body == varint(500));
}

TEST_CASE("a list of live connections closes what is missing twice, never a fresh one") {
  TunnelSession server(TunnelSession::Role::server);
  const auto id = server.connect("tcp", "a:1");
  REQUIRE(id);
  const std::string none = message(0, TunnelType::sync_connections, "");
  REQUIRE(server.receive(none));
  CHECK(server.size() == 1);
  REQUIRE(server.receive(message(0, TunnelType::sync_connections, encode_connection_ids({*id}))));
  REQUIRE(server.receive(none));
  CHECK(server.size() == 1);
  REQUIRE(server.receive(none));
  CHECK(server.size() == 0);
  const auto events = server.take_events();
  REQUIRE(events.size() == 1);
  CHECK(events[0].what == What::closed);
}

TEST_CASE("what a peer may not do") {
  TunnelSession server(TunnelSession::Role::server);
  TunnelSession agent(TunnelSession::Role::agent);
  drain(server);
  SECTION("an agent may not make the server dial") {
    REQUIRE(server.receive(message(4, TunnelType::connect, "tcp/127.0.0.1:22")));
    CHECK(server.take_events().empty());
    const auto sent = drain(server);
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].type == TunnelType::error);
  }
  SECTION("one id, one connection") {
    REQUIRE(agent.receive(message(4, TunnelType::connect, "tcp/a:1")));
    CHECK_FALSE(agent.receive(message(4, TunnelType::connect, "tcp/a:1")));
  }
  SECTION("windows are numbers above zero, announced once") {
    CHECK_FALSE(server.receive(message(0, TunnelType::window, "")));
    CHECK_FALSE(server.receive(message(0, TunnelType::window, varint(-5))));
    REQUIRE(server.receive(message(0, TunnelType::window, varint(5))));
    CHECK_FALSE(server.receive(message(0, TunnelType::window, varint(5))));
  }
  SECTION("data for a connection that is gone is answered, an error is not") {
    REQUIRE(server.receive(message(77, TunnelType::data, "x")));
    CHECK(drain(server).size() == 1);
    REQUIRE(server.receive(message(77, TunnelType::error, "x")));
    CHECK(drain(server).empty());
  }
  SECTION("what is newer than we are is skipped") {
    REQUIRE(server.receive(message(1, static_cast<TunnelType>(99), "?")));
    CHECK(drain(server).empty());
  }
  SECTION("a flood that is never read ends the tunnel") {
    TunnelLimits limits;
    limits.control_bytes = 1000;
    TunnelSession small(TunnelSession::Role::server, limits);
    bool refused = false;
    for (int i = 0; i < 1000 && !refused; ++i) {
      refused = !small.receive(message(77, TunnelType::data, "x"));
    }
    CHECK(refused);
  }
}

TEST_CASE("peers say whose tunnels they hold") {
  PeerDirectory peers;
  REQUIRE(peers.added("s2", "c-1/7"));
  REQUIRE(peers.added("s3", "c-1/9"));
  REQUIRE(peers.added("s3", "c-2/1"));
  CHECK(peers.holder("c-1") == "s2");
  REQUIRE(peers.removed("s2", "c-1/7"));
  CHECK(peers.holder("c-1") == "s3");
  peers.lost("s3");
  CHECK_FALSE(peers.holder("c-1"));
  CHECK_FALSE(peers.holder("c-2"));
  CHECK_FALSE(peers.added("s2", "c-1"));
  CHECK_FALSE(peers.added("s2", "c-1/x"));
  CHECK(peer_proto("c-1", "tcp") == "c-1::tcp");
}
