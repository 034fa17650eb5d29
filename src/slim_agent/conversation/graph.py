"""The conversation as a graph: recall → route → discover | sell | support → reply. It thinks; the outbox acts."""

from collections.abc import Hashable
from dataclasses import replace
from functools import partial
from typing import TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from slim_agent.conversation.dialogue import unread_text
from slim_agent.conversation.handbook import Handbook
from slim_agent.conversation.handover import Cause, HandOvers
from slim_agent.conversation.offline import Offline
from slim_agent.conversation.paid import NoAnswerError, PaidModel
from slim_agent.conversation.ports import LanguageModel, PaidAnswers
from slim_agent.conversation.profile import Profile, Topic
from slim_agent.conversation.profile.model import Route
from slim_agent.conversation.prompt import Prompt
from slim_agent.conversation.routing import Router
from slim_agent.conversation.thinking import Thinking, Thought
from slim_agent.conversation.tools import Tools
from slim_agent.conversation.topics import Topics
from slim_agent.vocabulary.clock import Clock
from slim_agent.vocabulary.turn import Ball, Reply, TakeBack, Turn

NODES: dict[Route, str] = {"discovery": "discover", "sales": "sell", "support": "support"}


class State(TypedDict, total=False):
    """What the nodes tell each other. Without a thought the answer comes from the profile."""

    turn: Turn
    topic: Topic | None
    route: Route
    thought: Thought | None
    cause: Cause
    problem: str
    reply: Reply


class Conversation:
    """Decides what becomes of a turn: from the model while it answers, else from the profile.

    `model` None is a company without a model. `max_calls` bounds the model calls of a turn, `model_seconds` the time
    they may take together; it must leave the turn time to end. Safe to share between concurrent turns.
    """

    def __init__(
        self,
        profile: Profile,
        model: LanguageModel | None,
        paid: PaidAnswers,
        clock: Clock,
        *,
        max_calls: int = 5,
        model_seconds: float = 24,
    ) -> None:
        handbook = Handbook(profile)
        self._profile = profile
        self._topics = Topics(profile.company.handover_topics)
        self._router = Router(profile)
        self._hand_overs = HandOvers(profile, clock)
        self._offline = Offline(profile, handbook, self._hand_overs)
        self._thinking: Thinking | None = None
        if model is not None:
            prompt, tools = Prompt(profile, handbook, clock), Tools(handbook)
            self._thinking = Thinking(PaidModel(model, paid), prompt, tools, max_calls=max_calls, seconds=model_seconds)
        self._graph = self._compiled()

    async def reply(self, turn: Turn) -> Reply:
        """Return what becomes of a turn; its detail says how: route, model, tokens, calls, versions, confidence.

        Raises:
            Unavailable: the store of paid answers is; the turn has to run again.
        """
        ended = await self._graph.ainvoke({"turn": turn})
        reply: Reply = ended["reply"]
        return reply

    def _compiled(self) -> CompiledStateGraph[State, None, State, State]:
        graph = StateGraph(State)
        graph.add_node("recall", self._recall)
        graph.add_node("route", self._route)
        graph.add_node("reply", self._reply)
        for route, node in NODES.items():
            graph.add_node(node, partial(self._think, route))
            graph.add_edge(node, "reply")
        graph.add_edge(START, "recall")
        graph.add_edge("recall", "route")
        targets: dict[Hashable, str] = {node: node for node in (*NODES.values(), "reply")}
        graph.add_conditional_edges("route", self._next, targets)
        graph.add_edge("reply", END)
        return graph.compile()

    async def _recall(self, state: State) -> State:
        return {"topic": self._topics.find(unread_text(state["turn"]))}

    async def _route(self, state: State) -> State:
        return {"route": self._router.route(state["turn"])}

    def _next(self, state: State) -> str:
        return "reply" if state["topic"] or self._thinking is None else NODES[state["route"]]

    async def _think(self, route: Route, state: State) -> State:
        assert self._thinking is not None  # noqa: S101 - the edge before checks it
        try:
            return {"thought": await self._thinking.think(state["turn"], route)}
        except NoAnswerError as error:
            return {"problem": str(error)}

    async def _reply(self, state: State) -> State:
        turn, thought = state["turn"], state.get("thought")
        detail: dict[str, object] = {"route": state["route"], "prompts": self._profile.versions}
        if topic := state["topic"]:
            reply = self._hand_overs.about(topic, turn)
        elif thought is None:
            reply = self._offline.reply(turn, "not_known" if self._thinking is None else "outage")
            detail |= {"problem": state["problem"]} if "problem" in state else {}
        else:
            reply = self._online(turn, thought)
            detail |= {"model": thought.model, "tokens": thought.tokens, "calls": thought.calls}
            detail |= {"kept_calls": thought.kept_calls, "model_seconds": round(thought.seconds, 3)}
        return {"reply": replace(reply, detail=detail | reply.detail)}

    def _online(self, turn: Turn, thought: Thought) -> Reply:
        if wish := thought.hand_over:
            return self._hand_overs.by_model(thought.texts, wish.reason, wish.summary)
        effects = (TakeBack(),) if turn.chat.ball is Ball.PERSON else ()
        return Reply("answered", thought.texts, effects)
