"""When this happens, do that: rules that return effects. Until there are any, company events wait in the inbox."""
