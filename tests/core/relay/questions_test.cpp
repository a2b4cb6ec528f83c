// Questions to the store are answered in order, and bounded.
#include "core/relay/questions.hpp"

#include <gtest/gtest.h>

namespace culver::relay {
namespace {

TEST(Questions, AnswersFindWhatTheyAreFor) {
  Questions questions;
  const auto first = questions.ask(FindDevice{}, ForSigner{SocketId{1}});
  const auto untold = questions.tell(SaveCursor{});
  const auto second = questions.ask(FindDevice{}, ForSigner{SocketId{2}});
  EXPECT_LT(first.number, untold.number);
  EXPECT_LT(untold.number, second.number);
  EXPECT_EQ(questions.size(), 2u);
  EXPECT_FALSE(questions.answered(untold.number + 100));
  EXPECT_FALSE(questions.answered(second.number)) << "it is not its turn";
  EXPECT_TRUE(questions.answered(first.number));
  EXPECT_TRUE(questions.answered(second.number));
  EXPECT_EQ(questions.size(), 0u);
}

TEST(Questions, InOrder) {
  Questions questions;
  const auto first = questions.ask(FindDevice{}, ForSigner{SocketId{1}});
  const auto second = questions.ask(FindDevice{}, ForSigner{SocketId{2}});
  EXPECT_EQ(std::get<ForSigner>(*questions.answered(first.number)).socket, SocketId{1});
  EXPECT_FALSE(questions.answered(first.number));
  EXPECT_EQ(std::get<ForSigner>(*questions.answered(second.number)).socket, SocketId{2});
}

TEST(Questions, AreBoundedByNumberAndByBytes) {
  Limits limits;
  limits.questions = 2;
  limits.question_bytes = 100;
  Questions questions;
  EXPECT_FALSE(questions.full(limits));
  const auto large = questions.ask(AppendEvent{}, ForEvent{SocketId{1}, {}, {}, {}, 1, 100});
  EXPECT_TRUE(questions.full(limits));
  questions.answered(large.number);
  EXPECT_FALSE(questions.full(limits));
  questions.ask(FindDevice{}, ForSigner{SocketId{1}});
  questions.ask(FindDevice{}, ForSigner{SocketId{1}});
  EXPECT_TRUE(questions.full(limits));
}

}  // namespace
}  // namespace culver::relay
