"""The business profile: one company as a folder of YAML and Markdown, read into values or into a list of mistakes."""

from slim_agent.conversation.profile.load import default_profile_folder, load_faq, load_profile
from slim_agent.conversation.profile.model import Company, FaqEntry, Product, Profile, Topic

__all__ = ["Company", "FaqEntry", "Product", "Profile", "Topic", "default_profile_folder", "load_faq", "load_profile"]
