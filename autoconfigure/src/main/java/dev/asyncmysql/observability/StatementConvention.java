package dev.asyncmysql.observability;

import io.r2dbc.proxy.observation.QueryContext;
import io.r2dbc.proxy.observation.QueryObservationConvention;

/**
 * r2dbc-proxy's own convention, which keeps the name that {@link StatementAttributes} has
 * given a span.
 */
public final class StatementConvention implements QueryObservationConvention {

	@Override
	public String getContextualName(QueryContext context) {
		String given = context.getContextualName();
		return (given != null) ? given : QueryObservationConvention.super.getContextualName(context);
	}

}
