//! What several rounds have measured, in a few numbers.

use serde::Serialize;

#[derive(Clone, Copy, Debug, Serialize)]
pub struct Spread {
    pub median: f64,
    pub lowest: f64,
    pub highest: f64,
    /// The 95 % confidence interval of the median, whatever the distribution: it lies between two of the values as
    /// they are sorted. With less than six of them it is all that there is.
    pub interval: (f64, f64),
}

impl Spread {
    /// Of one value at least.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<_> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let (middle, last) = (values.len() / 2, values.len() - 1);
        let number = values.len() as f64;
        let outside = ((number - 1.96 * number.sqrt()) / 2.0).max(0.0) as usize;
        Self {
            median: f64::midpoint(values[last - middle], values[middle]),
            lowest: values[0],
            highest: values[last],
            interval: (values[outside], values[last - outside]),
        }
    }
}
