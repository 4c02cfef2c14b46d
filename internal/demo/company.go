package demo

// company makes an app for trips with local guides.
const company = "Larkspur Travel"

// person is one who works there, or a guest.
type person struct{ name, role string }

// staff begins with the founder. Only the last one, a guest, does not write.
func staff() []person {
	return []person{
		{"Ada Okafor", "admin"},
		{"Tomas Rivera", "admin"},
		{"Mei Tanaka", "member"},
		{"Jonas Weber", "member"},
		{"Priya Nair", "member"},
		{"Samir Haddad", "member"},
		{"Freya Lindqvist", "member"},
		{"Olly Grant", "guest"},
	}
}

type label struct{ name, color string }

func labels() []label {
	return []label{
		{"bug", "#d73a4a"},
		{"feature", "#1f6feb"},
		{"design", "#a371f7"},
		{"performance", "#d29922"},
		{"accessibility", "#0e8a16"},
		{"security", "#b60205"},
		{"reliability", "#5319e7"},
		{"testing", "#6e7781"},
		{"research", "#0891b2"},
		{"content", "#bf4b8a"},
		{"translation", "#57606a"},
		{"documentation", "#0075ca"},
	}
}

// project is a team's work: every chore may come up for every subject of its boards.
type project struct {
	name, key, description string
	boards                 []boardPlan
	chores                 []chore
}

type boardPlan struct {
	name, template string
	subjects       []string // in the singular
}

// chore is the title of a task, with a place for its subject, and the label that it goes under.
type chore struct{ title, label string }

func projects() []project {
	return []project{mobileApp(), platform(), site()}
}

func mobileApp() project {
	return project{
		name: "Mobile app", key: "APP", description: "The app for travellers, on Android and iOS.",
		boards: []boardPlan{
			{"Onboarding", "kanban", []string{
				"the welcome screen", "the sign-up form", "the e-mail check", "the permission step", "the city picker",
				"the interests quiz", "the invite-a-friend step", "the first-trip checklist", "the passkey sign-in", "the guided tour"}},
			{"Search and booking", "scrum", []string{
				"the map", "the result list", "the filter sheet", "the date picker", "the list of saved trips",
				"the trip page", "the photo gallery", "the review list", "the price breakdown", "the checkout"}},
			{"Trips and messages", "scrum", []string{
				"the itinerary", "the packing list", "the chat with guides", "the meeting-point map", "the ticket wallet",
				"the weather card", "the group poll", "the expense splitter", "the trip diary", "the emergency card"}},
			{"Account", "kanban", []string{
				"the profile page", "the notification page", "the payment-method page", "the language switch", "the privacy page",
				"the receipt archive", "the loyalty card", "the help page", "the account-deletion flow", "the two-step sign-in"}},
		},
		chores: []chore{
			{"Redesign %s for one-handed use", "design"},
			{"Agree on the empty state of %s", "design"},
			{"Draw the dark theme of %s", "design"},
			{"Make %s work without a network", "feature"},
			{"Let people undo a change in %s", "feature"},
			{"Remember where people left off in %s", "feature"},
			{"Show a skeleton while %s loads", "feature"},
			{"Bring %s to tablets", "feature"},
			{"Open %s from a link in an e-mail", "feature"},
			{"Fix the crash when %s opens in aeroplane mode", "bug"},
			{"Fix the text that is cut off in %s at large font sizes", "bug"},
			{"Fix the flicker when leaving %s", "bug"},
			{"Stop %s from jumping while it scrolls", "bug"},
			{"Halve the time until %s can be used", "performance"},
			{"Cut the memory that %s needs on older phones", "performance"},
			{"Label every control of %s for screen readers", "accessibility"},
			{"Check the colour contrast of %s", "accessibility"},
			{"Translate %s into German and Spanish", "translation"},
			{"Watch five people use %s", "research"},
			{"Measure where people give up in %s", "research"},
			{"Write end-to-end tests for %s", "testing"},
			{"Take new store screenshots of %s", "content"},
		},
	}
}

func platform() project {
	return project{
		name: "Platform", key: "PLAT", description: "What the app and the partners stand on: APIs, payments, data, operations.",
		boards: []boardPlan{
			{"Public API", "scrum", []string{
				"the bookings endpoint", "the search endpoint", "the availability endpoint", "the webhook sender", "the OAuth server",
				"the sandbox", "the Python client", "the TypeScript client", "the API gateway", "the upload service"}},
			{"Payments", "kanban", []string{
				"the card-charge job", "the refund flow", "the payout run", "the currency converter", "the invoice generator",
				"the tax calculator", "the fraud check", "the dispute inbox", "the ledger", "the subscription renewer"}},
			{"Data", "kanban", []string{
				"the event pipeline", "the nightly export", "the pricing model", "the recommendation service", "the guide dashboard",
				"the revenue report", "the search index", "the customer timeline", "the audit log", "the data-deletion job"}},
			{"Reliability", "scrum", []string{
				"the deploy pipeline", "the staging environment", "the primary database", "the cache layer", "the job queue",
				"the mail relay", "the backup job", "the load balancer", "the secrets store", "the metrics collector"}},
		},
		chores: []chore{
			{"Add tracing to %s", "reliability"},
			{"Alert when %s is slow", "reliability"},
			{"Write a runbook for %s", "documentation"},
			{"Document %s with examples", "documentation"},
			{"Draft the design of the next version of %s", "documentation"},
			{"Load-test %s at ten times today's traffic", "performance"},
			{"Cut the p99 of %s to under 200 ms", "performance"},
			{"Retry failures in %s with backoff", "reliability"},
			{"Practise losing %s in a game day", "reliability"},
			{"Put the new version of %s behind a flag", "feature"},
			{"Let support staff look into %s", "feature"},
			{"Give partners a read-only view of %s", "feature"},
			{"Review who may change %s", "security"},
			{"Keep personal data out of the logs of %s", "security"},
			{"Rotate the credentials that %s uses", "security"},
			{"Fix the race between two updates in %s", "bug"},
			{"Fix the misleading error message from %s", "bug"},
			{"Fix the memory leak in %s", "bug"},
			{"Move %s to the second region", "reliability"},
			{"Write tests for the failure paths of %s", "testing"},
			{"Run the upgrade of %s on a copy of production", "testing"},
			{"Work out what %s costs a month", "research"},
		},
	}
}

func site() project {
	return project{
		name: "Marketing site", key: "WEB", description: "larkspur.example: pages, campaigns, travel guides and help.",
		boards: []boardPlan{
			{"Pages", "kanban", []string{
				"the home page", "the local-guides page", "the cities page", "the gift-card page", "the group-travel page",
				"the business page", "the reviews page", "the download page", "the safety page", "the pricing page"}},
			{"Campaigns", "scrum", []string{
				"the summer landing page", "the winter landing page", "the referral page", "the newsletter page", "the press kit",
				"the partner page", "the giveaway page", "the student-discount page", "the launch announcement", "the loyalty-programme page"}},
			{"Guides and blog", "kanban", []string{
				"the Lisbon guide", "the Kyoto guide", "the Edinburgh guide", "the Oaxaca guide", "the Ljubljana guide",
				"the packing guide", "the solo-travel series", "the rail-travel series", "the blog's front page", "the author page"}},
			{"Help centre", "kanban", []string{
				"the booking help page", "the refund help page", "the handbook for guides", "the getting-started page", "the account help page",
				"the safety answers page", "the contact page", "the accessibility statement", "the cancellation page", "the terms page"}},
		},
		chores: []chore{
			{"Rewrite the headline of %s", "content"},
			{"Shorten the copy of %s", "content"},
			{"Add customer quotes to %s", "content"},
			{"Write a meta description for %s", "content"},
			{"Have legal review %s", "content"},
			{"Choose new photographs for %s", "design"},
			{"Redesign %s on the new grid", "design"},
			{"Draw an illustration for %s", "design"},
			{"Test two layouts of %s against each other", "research"},
			{"Measure how far people scroll on %s", "research"},
			{"Bring %s to a Lighthouse score of 95", "performance"},
			{"Load the images on %s lazily", "performance"},
			{"Fix the layout of %s on small phones", "bug"},
			{"Fix the broken links on %s", "bug"},
			{"Keep the cookie banner from covering %s", "bug"},
			{"Add structured data to %s", "feature"},
			{"Redirect the old addresses of %s", "feature"},
			{"Add a feedback box to %s", "feature"},
			{"Translate %s into German and Spanish", "translation"},
			{"Try %s with the keyboard alone", "accessibility"},
			{"Describe the pictures on %s for screen readers", "accessibility"},
			{"Add %s to the visual regression tests", "testing"},
		},
	}
}

// reasons are first sentences of a description, by label; the rest have none.
func reasons() map[string][]string {
	return map[string][]string{
		"bug": {
			"Three people wrote to support about this in the last week.",
			"Seen on the current release, and not on the one before.",
			"Easy to provoke: do it twice, quickly.",
		},
		"feature": {
			"The most wished-for change in the spring survey.",
			"Two partners have asked for it, and it unblocks the autumn release.",
			"A small step on the way to the plan for this quarter.",
		},
		"design": {
			"The current version was drawn for another product and shows it.",
			"Bring two alternatives to the Thursday review.",
		},
		"performance": {
			"Slow devices are a third of our users, and they feel this one.",
			"Measure before and after, and put both numbers here.",
		},
		"accessibility": {
			"Part of the audit against WCAG 2.2, level AA.",
			"Reported by a customer who uses a screen reader daily.",
		},
		"security": {
			"From the yearly review; due before the next audit.",
			"Nothing has happened yet. Let us keep it like that.",
		},
		"reliability": {
			"Follow-up to the incident in March.",
			"We would have noticed the last outage ten minutes earlier.",
		},
		"research": {
			"We argue about this one from taste; let us find out.",
			"The numbers decide whether we go on with the second half.",
		},
	}
}

// endings close a description with what done means.
func endings() []string {
	return []string{
		"Done when:\n\n- it works on a real device\n- somebody else has tried it\n- the change log says so",
		"Done when:\n\n- the change is live\n- the numbers of a week are in a comment",
		"Done when the team has seen it in the Friday demo.",
		"Out of scope: anything that needs a new table.",
		"",
	}
}

func remarks() []string {
	return []string{
		"I can take this one after Wednesday.",
		"Do we still want this? The numbers have changed since we wrote it down.",
		"First version is up for review. Two open questions are in the description.",
		"Looks good to me. Nice and small.",
		"Could we split this? The first half would help people already.",
		"I talked to support: they see about five of these a week.",
		"Blocked until the new certificates are here.",
		"No longer blocked.",
		"Tried it on an old phone: still a bit slow, but usable.",
		"Agreed in today's planning: we leave out the second part.",
		"The customer confirms that it is fixed.",
		"Let us keep it simple and see whether anybody misses the rest.",
		"I have put the screenshots into the shared folder.",
		"This also happens with a fresh account, so it is not the cache.",
		"Can somebody from design have a look before we merge?",
		"Reviewed. One remark about naming, otherwise ready.",
		"Rolled out to ten per cent of users; watching the error rate.",
		"Error rate is flat. Rolled out to everybody.",
		"Moved the due date: the release is a week later.",
		"Good catch, thank you!",
	}
}
