// TlsRecords: TLS 1.3's record layer for a connection whose handshake OpenSSL has done. An SSL
// object costs 14 KiB for as long as a connection lives, which is what ten thousand watchers would
// pay for nothing: after the handshake TLS 1.3 needs two keys and two counters. Those are kept here
// (some 300 bytes); the ciphers are OpenSSL's, shared by all connections of a thread. TLS 1.2
// connections keep their SSL object. Handled: application data, alerts, key updates by either side,
// and a new key of our own long before a cipher's limit. Everything else ends the connection.
// Source: RFC 8446 sections 4.6.3, 5, 6, 7.1-7.3. Thread: one at a time. Owns: the keys.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

struct ssl_st;
struct ssl_ctx_st;

namespace appliance {

inline constexpr size_t kTlsPlainBytes = 16384;  // of one record
inline constexpr size_t kTlsRecordBytes =
    kTlsPlainBytes + 256 + 5;  // the largest record on the wire

class TlsRecords {
 public:
  enum class Got : uint8_t { data, nothing, end, broken };

  // Before a handshake: has the secrets and record counts of this session noted down. Works only
  // where the context was prepared.
  static void prepare(ssl_ctx_st* context);
  static void watch(ssl_st* session);
  // After the handshake: takes over from the SSL object, which must not be used any more and can be
  // freed. Null where the session is not TLS 1.3: then it goes on with its SSL object.
  static std::unique_ptr<TlsRecords> take_over(ssl_st* session);
  static void forget(ssl_st* session);  // what watch() has noted

  TlsRecords() = default;
  ~TlsRecords();
  TlsRecords(const TlsRecords&) = delete;
  TlsRecords& operator=(const TlsRecords&) = delete;

  // Makes records of the two pieces, one after the other, as many as `out` has room for. Returns
  // the bytes of them taken.
  size_t seal(std::string_view first, std::string_view second, std::span<char> out, size_t& used);
  size_t seal_close(std::span<char> out);  // close_notify

  // How long the record at the front is, header included; 0 while its header is not there.
  static size_t record_bytes(std::string_view bytes);
  // Opens one whole record into `out` (room for kTlsPlainBytes + 256).
  Got open(std::string_view record, std::span<char> out, size_t& size);

 private:
  struct Direction {
    std::array<unsigned char, 48> secret{};
    std::array<unsigned char, 32> key{};
    std::array<unsigned char, 12> iv{};
    uint64_t sequence = 0;
    uint64_t key_id =
        0;  // unique in the process: tells a thread's cipher whether it has this key already
  };

  void set_keys(Direction& direction);
  void next_secret(Direction& direction);
  size_t seal_one(unsigned char type, std::string_view first, std::string_view second, char* out);
  Got control(unsigned char type, std::string_view content);

  uint8_t suite_ = 0;         // index into the table of suites
  bool owes_update_ = false;  // the other side asked for a new key of ours
  uint16_t updates_ = 0;      // key updates since the last data
  Direction read_, write_;
};

}  // namespace appliance
