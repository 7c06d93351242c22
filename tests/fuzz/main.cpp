// Drives one fuzz target without a fuzzing engine: `smoke` feeds it built-in shapes, the corpus
// beside it and mutations of both for a bounded time; `one FILE` replays a case. Each case's seed
// is printed before it can crash, so a failure names its own replay.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>
#include <span>
#include <string>
#include <vector>

int fuzz_one(std::span<const std::byte> input);  // 0 when the target behaved
std::vector<std::string> fuzz_seeds();           // inputs worth mutating

namespace {

int run(const std::string& input) {
  return fuzz_one(std::as_bytes(std::span<const char>(input.data(), input.size())));
}

std::string mutate(std::mt19937_64& random, const std::vector<std::string>& seeds) {
  std::string text = seeds[random() % seeds.size()];
  for (uint64_t n = 1 + random() % 8; n > 0; --n) {
    size_t at = text.empty() ? 0 : random() % text.size();
    switch (random() % 6) {
      case 0:
        if (!text.empty()) text[at] = static_cast<char>(random());
        break;
      case 1:
        text.insert(at, 1, static_cast<char>(random()));
        break;
      case 2:
        if (!text.empty()) text.erase(at, 1 + random() % 16);
        break;
      case 3:
        text.insert(at, text.substr(at, random() % 64));
        break;
      case 4: {
        const auto& other = seeds[random() % seeds.size()];
        text.insert(at, other.substr(other.empty() ? 0 : random() % other.size(), random() % 64));
        break;
      }
      default:
        text.resize(random() % (text.size() + 1));
        break;
    }
  }
  return text;
}

int smoke(std::chrono::milliseconds budget) {
  auto seeds = fuzz_seeds();
  seeds.push_back("");
  for (const auto& seed : seeds)
    if (int code = run(seed)) return std::fprintf(stderr, "a seed input failed (%d)\n", code), 1;
  auto end = std::chrono::steady_clock::now() + budget;
  uint64_t cases = 0;
  for (uint64_t seed = 1; std::chrono::steady_clock::now() < end; ++seed, ++cases) {
    std::mt19937_64 random(seed);
    auto input = mutate(random, seeds);
    if (int code = run(input)) {
      std::ofstream("fuzz_failure.bin", std::ios::binary) << input;
      return std::fprintf(stderr, "seed %lu failed (%d): replay with `one fuzz_failure.bin`\n",
                          seed, code),
             1;
    }
  }
  std::printf("%lu cases\n", cases);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[1], "one") == 0) {
    std::ifstream file(argv[2], std::ios::binary);
    return run(std::string(std::istreambuf_iterator<char>(file), {}));
  }
  return smoke(std::chrono::milliseconds(argc > 2 ? std::atoi(argv[2]) : 3000));
}
