#include "engine/kinds/facts.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <mutex>

extern "C" const unsigned char paddock_kind_facts_begin[];
extern "C" const unsigned char paddock_kind_facts_end[];

namespace engine {

namespace {

constexpr std::string_view kMagic = "PDKFACT1";
constexpr size_t kHeadBytes = 16;

uint32_t little_endian(const unsigned char* at) {
  return uint32_t{at[0]} | uint32_t{at[1]} << 8 | uint32_t{at[2]} << 16 | uint32_t{at[3]} << 24;
}

[[noreturn]] void damaged(const char* what) {
  std::fprintf(stderr, "the kind data inside the program is damaged: %s\n", what);
  std::abort();
}

std::string inflate_bytes(std::span<const unsigned char> packed, size_t size) {
  std::string out(size, '\0');
  uLongf got = static_cast<uLongf>(size);
  int code = uncompress(reinterpret_cast<Bytef*>(out.data()), &got, packed.data(),
                        static_cast<uLong>(packed.size()));
  if (code != Z_OK || got != size) damaged("a block cannot be opened");
  return out;
}

class EmbeddedFacts final : public Facts {
 public:
  EmbeddedFacts(std::span<const unsigned char> blocks, const Json& header) : blocks_(blocks) {
    read_index(header);
  }

  std::optional<std::string> definition(std::string_view name) const override {
    auto at = std::lower_bound(index_.begin(), index_.end(), name,
                               [](const Entry& e, std::string_view n) { return e.name < n; });
    if (at == index_.end() || at->name != name) return std::nullopt;
    std::lock_guard lock(mutex_);
    if (open_block_ != at->block) {
      const Block& block = block_list_[at->block];
      open_ = inflate_bytes(blocks_.subspan(block.offset, block.packed), block.size);
      open_block_ = at->block;
    }
    return open_.substr(at->offset, at->length);
  }

 private:
  struct Entry {
    std::string name;
    uint32_t block, offset, length;
  };
  struct Block {
    uint32_t offset, packed, size;
  };

  void read_index(const Json& header) {
    auto number = [](const Json& list, size_t i) {
      return static_cast<uint32_t>(list.as_array()[i].as_int());
    };
    for (const Json& b : header.find("blocks")->as_array()) {
      block_list_.push_back({number(b, 0), number(b, 1), number(b, 2)});
    }
    const JsonObject& definitions = header.find("definitions")->as_object();
    index_.reserve(definitions.size());
    for (const auto& [name, place] : definitions) {
      index_.push_back({name, number(place, 0), number(place, 1), number(place, 2)});
    }
    std::sort(index_.begin(), index_.end(),
              [](const Entry& a, const Entry& b) { return a.name < b.name; });
  }

  std::span<const unsigned char> blocks_;
  std::vector<Entry> index_;
  std::vector<Block> block_list_;
  mutable std::mutex mutex_;
  mutable std::string open_;
  mutable uint32_t open_block_ = UINT32_MAX;
};

}  // namespace

Facts::Opened Facts::embedded() {
  return open({paddock_kind_facts_begin, paddock_kind_facts_end});
}

Facts::Opened Facts::open(std::span<const unsigned char> bytes) {
  if (bytes.size() < kHeadBytes || std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0) {
    damaged("no magic");
  }
  size_t size = little_endian(bytes.data() + 8);
  size_t packed = little_endian(bytes.data() + 12);
  if (kHeadBytes + packed > bytes.size()) damaged("cut short");
  // Our own build wrote it.
  Json header = MUST(parse_json(inflate_bytes(bytes.subspan(kHeadBytes, packed), size)));
  Opened out;
  out.facts = std::make_shared<EmbeddedFacts>(bytes.subspan(kHeadBytes + packed), header);
  out.rows = std::move(header["kinds"].as_array());
  for (Json& text : header["texts"].as_array()) out.texts.push_back(std::move(text.as_string()));
  return out;
}

}  // namespace engine
